// Following renames, with a parser that knows one word and a ledger that answers, refuses to, or is silent.
import assert from 'node:assert/strict'
import { describe, it, mock, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { LedgerHost } from '../../../daemon/ledger-host.ts'
import type { DeclaredSymbol } from '../../../daemon/ports-symbols.ts'
import { followRenames, type FollowParts } from '../../../daemon/refactor/follow.ts'
import { unfollowedLines } from '../../../daemon/refactor/unfollowed.ts'
import type { LedgerClaim, Party } from '../../../protocol/index.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

const PARTY = { agent: 'ann', agentGiven: false, session: 's', peer: 'p' } as unknown as Party
const BODY = ' {\n  one()\n  two()\n  three()\n  four()\n}\n'

interface Scene {
  readonly asked: string[]
  readonly run: () => ReturnType<typeof followRenames>
}

/** Each file declared `old` in the last commit, which the party holds, and declares `fresh` now. */
function scene(
  t: TestContext,
  files: number,
  answer: () => Promise<unknown>,
  outline?: FollowParts['symbols']['outlineOf'],
): Scene {
  const root = makeFolder(t)
  const names = Array.from({ length: files }, (_, at) => `f${String(at)}.ts`)
  for (const name of names) writeIn(root, name, `function fresh()${BODY}`)
  const claims = names.map((pattern, at) => {
    const id = `clm_${String(at)}`
    return { ...PARTY, id, kind: 'symbol', pattern, symbols: ['old'] } as unknown as LedgerClaim
  })
  const asked: string[] = []
  const view = { state: { claims: new Map(claims.map((claim) => [claim.id, claim])) } }
  const submit = ({ id }: { readonly id: string }) => {
    asked.push(id)
    return answer()
  }
  const parts: FollowParts = {
    committed: {
      fileAtHead: () => Promise.resolve(Uint8Array.from(Buffer.from(`function old()${BODY}`))),
    },
    symbols: { outlineOf: outline ?? outlineOf },
  }
  const host = { loop: { view: () => view, submit } } as unknown as LedgerHost
  const all = [...names, 'nobody-holds.ts'].map((file) => ({ file, bytes: null }))
  return { asked, run: () => followRenames(parts, host, { root } as never, PARTY, all) }
}

const outlineOf: FollowParts['symbols']['outlineOf'] = (_, bytes) => {
  const path = Buffer.from(bytes).toString().startsWith('function old') ? 'old' : 'fresh'
  const symbol = { path, kind: 'function', startLine: 1, endLine: 6 } as unknown as DeclaredSymbol
  return Promise.resolve({ kind: 'outline', hasErrors: false, symbols: [symbol] } as never)
}

describe('following renames', () => {
  it('asks for all claims together, in the order of the files', async (t) => {
    let answer: (outcome: unknown) => void = () => undefined
    const answered = new Promise((resolve) => (answer = resolve))
    const { asked, run } = scene(t, 3, () => answered)
    const following = run()
    while (asked.length < 3) await turn()
    assert.deepEqual(asked, ['clm_0', 'clm_1', 'clm_2'], 'none waits for the answer of another')
    answer({ kind: 'renamed' })
    const { followed, unlooked } = await following
    assert.deepEqual(
      followed.map(({ kind, renamed }) => [kind, renamed]),
      Array.from({ length: 3 }, () => ['followed', [{ from: 'old', to: 'fresh' }]]),
    )
    assert.deepEqual(unlooked, [])
  })

  it('waits for a silent majority once, not for each, and says what it does not know', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => {
      mock.timers.reset()
    })
    const { asked, run } = scene(t, 5, () => new Promise(() => undefined))
    const following = run()
    while (asked.length < 5) await turn()
    mock.timers.tick(2_000)
    const found = await following
    assert.equal(found.followed.filter(({ kind }) => kind === 'late').length, 5)
    assert.equal(
      unfollowedLines(found)[0],
      'old is called fresh now in f0.ts, and clm_0 names only the old: no majority has answered yet',
    )
  })

  it('names a claim that the ledger cannot let follow, and why', async (t) => {
    const failure = { code: 'NO_QUORUM', message: 'nobody leads' }
    const { run } = scene(t, 1, () => Promise.resolve({ kind: 'failed', failure }))
    assert.deepEqual(unfollowedLines(await run()), [
      'old is called fresh now in f0.ts, and clm_0 names only the old: nobody leads',
    ])
  })

  it('names the files that it had no time for', async (t) => {
    const late = () => Promise.reject(new DOMException('late', 'TimeoutError'))
    const { asked, run } = scene(t, 5, () => Promise.reject(new Error('asked')), late)
    const found = await run()
    assert.deepEqual([asked, found.unlooked.length], [[], 5])
    assert.deepEqual(unfollowedLines(found), [
      'whether claimed declarations were renamed was not looked at in f0.ts, f1.ts, f2.ts and 2 more',
    ])
  })

  it('looks into so many files at most', async (t) => {
    // On a busy machine so many take longer than it has.
    t.mock.method(AbortSignal, 'timeout', () => new AbortController().signal)
    const { asked, run } = scene(t, 201, () => Promise.resolve({ kind: 'renamed' }))
    const { unlooked } = await run()
    assert.deepEqual([asked.length, unlooked], [200, ['f200.ts']])
  })
})
