// What a page of the browser's board may call: what a board needs, and acts only where a terminal opened it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withGrants } from '../../../daemon/access/limited.ts'
import type { CallContext, Operations } from '../../../daemon/client/operations.ts'
import { OPERATION_NAMES, type OperationName } from '../../../protocol/index.ts'

const READS = [
  ...['claims', 'events', 'hotspots', 'leader', 'log', 'members', 'peers'],
  ...['queue', 'requests', 'status', 'why', 'workers'],
]
const ACTS = ['cancel', 'release', 'respond', 'stop', 'resume-stuck', 'approve']

function contextOf(mayAct: boolean): CallContext {
  const grant = { name: 'web-1', agent: 'ann', repos: null, web: { mayAct } }
  return { door: 'tcp', signal: new AbortController().signal, caller: { grant } }
}

/** The names of operations that get through, and what they were given. */
async function passed(mayAct: boolean, input: object): Promise<Map<OperationName, unknown>> {
  const through = new Map<OperationName, unknown>()
  const inner: Operations = {
    call(name, given) {
      through.set(name, given)
      return Promise.resolve({})
    },
    watch: () => () => undefined,
    follow: () => Promise.reject(new Error('nobody follows')),
  }
  const operations = withGrants(inner)
  for (const name of OPERATION_NAMES)
    await operations.call(name, input, contextOf(mayAct)).catch(() => undefined)
  return through
}

describe('a page', () => {
  it('that a terminal opened reads, and ends claims, cancels, answers, and no more', async () => {
    const through = await passed(true, {})
    assert.deepEqual([...through.keys()].sort(), [...READS, ...ACTS].sort())
  })

  it('that no terminal opened reads only, and says why', async () => {
    const through = await passed(false, {})
    assert.deepEqual([...through.keys()].sort(), [...READS].sort())
    const operations = withGrants({} as Operations)
    await assert.rejects(operations.call('release', {}, contextOf(false)), {
      code: 'FORBIDDEN_PERSON',
    })
  })

  it('acts as the person that it was opened by, unless it answers for a session', async () => {
    const own = (await passed(true, {})).get('release')
    assert.deepEqual(own, {
      ...{ agent: 'ann', session: 'web:web-1', caller: {} },
      ...{ cwd: undefined, checkout: undefined },
    })
    const given = { agent: 'ben', session: 'b', cwd: '/', caller: { terminal: true } }
    const other = (await passed(true, given)).get('respond')
    assert.deepEqual(other, {
      ...{ agent: 'ben', session: 'b', caller: {} },
      ...{ cwd: undefined, checkout: undefined },
    })
  })
})
