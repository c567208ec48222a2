// Patterns made to be slow: each is refused or answered in time, and nobody else waits for it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ApiClient } from '../helpers/api.ts'
import { othersAreServed } from '../helpers/bystander.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const suite = createCleaner()
let daemon: Daemon
let client: ApiClient
let cwd: string

before(async () => {
  const deep = Array.from(
    { length: 3_000 },
    (_, at) => `${'a/'.repeat(at % 20)}${'a'.repeat(at % 60)}${String(at)}.ts`,
  )
  const skeinYml = `repo: ${REPO}\nlimits: {files: 100000, ratio: 1}\n`
  cwd = makeRepo(suite, { files: deep, skeinYml })
  daemon = await startDaemon(suite)
  client = daemon.client
  await client.must('check', { cwd, scopes: [file('README.md')] })
})

after(() => suite.run())

function file(pattern: string): { kind: string; pattern: string } {
  return { kind: 'file', pattern }
}

const SLOW: Readonly<Record<string, string>> = {
  'deep stars': `${'**/'.repeat(300)}x`,
  'deep stars between names': `${'**/a/'.repeat(200)}x`,
  'many stars in a name': `${'*a'.repeat(400)}b`,
  'stars and question marks': '*?'.repeat(400),
  'nested braces': `${'{a,'.repeat(200)}b${'}'.repeat(200)}`,
  'braces that multiply': '{a,b}'.repeat(8),
  'braces of globs': `{${Array.from({ length: 100 }, (_, at) => `**/*a${String(at)}*/**`).join(',')}}`,
  'classes in a row': '[a-y]'.repeat(200),
  'stars, braces and depth': `${'**/{a,b}*/'.repeat(6)}*a*b*c`,
  'one class of many ranges': `[${'a-z'.repeat(300)}]`,
}

describe('a slow pattern', () => {
  for (const [what, pattern] of Object.entries(SLOW)) {
    it(`(${what}) is refused or answered within a second, while others are served`, async () => {
      await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
        const startedAt = performance.now()
        for (const name of ['claim', 'check'] as const) {
          const agent = `slow-${what}`
          const { status, error } = await client.call(name, { cwd, agent, scopes: [file(pattern)] })
          assert.ok([200, 409].includes(status) || error?.exit === 64, JSON.stringify(error))
        }
        const took = performance.now() - startedAt
        assert.ok(took < 2_000, `took ${took.toFixed(0)} ms`)
        await client.must('release', { cwd, agent: `slow-${what}`, mine: true })
      })
    })
  }

  it('comes 200 times in one call without holding up others', async () => {
    const scopes = Array.from({ length: 200 }, (_, at) =>
      file(`${'**/*a*/'.repeat(20)}*${String(at)}*z`),
    )
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      await client.call('check', { cwd, agent: 'many', scopes })
    })
  })

  it('is asked for by many against many that are held', async () => {
    const held = Array.from({ length: 100 }, (_, at) =>
      file(`${'**/*a*/'.repeat(20)}q${String(at)}`),
    )
    const asked = Array.from({ length: 100 }, (_, at) =>
      file(`${'**/*b*/'.repeat(20)}r${String(at)}`),
    )
    const first = await client.call('claim', { cwd, agent: 'holder', scopes: held })
    assert.ok(first.status === 200 || first.error?.exit === 64, JSON.stringify(first.error))
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      const { status, error } = await client.call('check', { cwd, agent: 'asker', scopes: asked })
      assert.ok(status === 200 || error?.exit === 64, JSON.stringify(error))
      const claim = await client.call('claim', { cwd, agent: 'asker', scopes: asked })
      assert.ok([200, 409].includes(claim.status) || claim.error?.exit === 64)
    })
  })

  it('asks why among thousands of patterns without holding up others', async () => {
    for (let at = 0; at < 10; at++) {
      const scopes = Array.from({ length: 200 }, (_, n) =>
        file(`w/*a*/**/*${String(at * 200 + n)}*`),
      )
      await client.must('claim', { cwd, agent: 'writer', scopes })
    }
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      await client.must('why', { cwd, pattern: `w/${'*a*b/**/'.repeat(50)}*zz*`, limit: 500 })
    })
  })
})
