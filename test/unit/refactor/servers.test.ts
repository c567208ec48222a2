// Language servers: a fake one that speaks the protocol as a real process, and what happens when it does not.
import assert from 'node:assert/strict'
import path from 'node:path'
import '../../../daemon/shims.ts'
import { describe, it, type TestContext } from 'node:test'
import {
  createLanguageServers,
  type ServerAnswer,
  type ServersOptions,
} from '../../../daemon/refactor/lsp/servers.ts'
import { makeLanguageServer, type FakePlan } from '../../helpers/language-server.ts'
import { until } from '../../helpers/poll.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

const REFERENCES = [
  { file: 'a.ts', line: 1, column: 16 },
  { file: 'b.ts', line: 3, column: 2 },
  { file: '../outside.ts', line: 1, column: 0 },
]
const DEFINITION = { file: 'a.ts', symbol: 'parse', name: 'parse', place: { line: 1, column: 16 } }

async function ask(
  t: TestContext,
  plan: FakePlan,
  more: Partial<ServersOptions> = {},
  file = 'a.ts',
) {
  const root = makeFolder(t)
  writeIn(root, file, 'export function parse() {}\n')
  const fake = makeLanguageServer(t, 'typescript-language-server', plan)
  const env = { PATH: fake.folder, SKEIN_HOME: '/secret' }
  const servers = createLanguageServers({ allowed: ['typescript'], env, ...more })
  const signal = new AbortController().signal
  const answer = await servers.references(root, { ...DEFINITION, file }, signal)
  return { answer, fake, root }
}

function placesIn(answer: ServerAnswer): unknown {
  return answer.kind === 'found' ? Object.fromEntries(answer.places) : answer
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

describe('a language server', () => {
  it('is asked for the references of the declaration, and ended', async (t) => {
    const { answer, fake, root } = await ask(t, { references: REFERENCES })
    assert.deepEqual(placesIn(answer), {
      'a.ts': [{ line: 1, column: 16 }],
      'b.ts': [{ line: 3, column: 2 }],
    })
    assert.deepEqual(fake.asked(), {
      textDocument: { uri: `file://${path.join(root, 'a.ts')}` },
      position: { line: 0, character: 16 },
      context: { includeDeclaration: true },
    })
    await until('the server is gone', () => isGone(fake.pid()))
  })

  it('that is still reading is asked again when it has read', async (t) => {
    const { answer } = await ask(t, { references: REFERENCES, mode: 'eager' })
    assert.equal(answer.kind, 'found')
  })

  it('is not started where this machine does not allow it, or none is for the language', async (t) => {
    const refused = await ask(t, { references: REFERENCES }, { allowed: ['python'] })
    assert.deepEqual([refused.answer, refused.fake.asked()], [{ kind: 'off' }, null])
    const other = await ask(t, { references: REFERENCES }, {}, 'a.rb')
    assert.deepEqual([other.answer, other.fake.asked()], [{ kind: 'off' }, null])
  })

  it('is looked for in absolute folders of PATH alone', async (t) => {
    const { answer } = await ask(t, { references: REFERENCES }, { env: { PATH: 'bin:.' } })
    assert.match(answer.kind === 'failed' ? answer.why : '', /installed/)
  })

  it('that says nothing, nonsense or no use is given up, and ended', async (t) => {
    const silent = await ask(t, { mode: 'silent' }, { millisecondsMax: 1_500 })
    assert.match(silent.answer.kind === 'failed' ? silent.answer.why : '', /no answer within/)
    await until('the server is gone', () => isGone(silent.fake.pid()))
    const garbage = await ask(t, { mode: 'garbage' })
    assert.match(garbage.answer.kind === 'failed' ? garbage.answer.why : '', /frame/)
    await until('the server is gone', () => isGone(garbage.fake.pid()))
    const nothing = await ask(t, {})
    assert.match(nothing.answer.kind === 'failed' ? nothing.answer.why : '', /no use/)
  })
})
