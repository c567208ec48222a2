import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LedgerHost } from '../../../../daemon/ledger-host.ts'
import { requireLeavable } from '../../../../daemon/mesh/leavable.ts'
import { asPeerId, asRepoId, emptyState, SkeinError } from '../../../../protocol/index.ts'

const REPO = 'team/proj'

interface Given {
  /** Members: capital letters may vote. */
  readonly members: string
  readonly mesh: string
  /** Who votes in the repository, where it is served here. */
  readonly repo?: string
  readonly copies?: string
  readonly away?: string
}

/** The code and the hint that a removal of this machine is refused with; null: it is not. */
function refusal(peer: string, given: Given): readonly [string, string] | null {
  const { members, mesh, repo, copies = '', away = '' } = given
  const state = emptyState()
  for (const one of members.split('')) {
    const role = one === one.toUpperCase() ? 'voter' : 'learner'
    const name = one.toLowerCase()
    const facts = { machine: name, addresses: [], version: 1 }
    state.members.set(asPeerId(name), { peer: asPeerId(name), role, ...facts })
  }
  const peers = (names: string) => names.split('').map(asPeerId)
  if (copies !== '') {
    const facts = { generation: 1, founder: asPeerId('a'), voters: [], roots: [], genesis: 'g' }
    state.repos.set(asRepoId(REPO), { repo: asRepoId(REPO), ...facts, machines: peers(copies) })
  }
  const hostOf = (names: string): LedgerHost => {
    const chain = { head: () => ({}), votersAt: () => peers(names) }
    return { loop: { engine: () => ({ consensus: { chain } }) } } as unknown as LedgerHost
  }
  const served = repo === undefined ? [] : [{ name: REPO, host: hostOf(repo) }]
  const ledgers = [{ name: 'mesh', host: hostOf(mesh) }, ...served]
  const isReachable = (one: string): boolean => !away.includes(one)
  try {
    requireLeavable({ state, ledgers, isReachable }, asPeerId(peer))
    return null
  } catch (error) {
    assert.ok(error instanceof SkeinError)
    return [error.code, error.hint]
  }
}

describe('a machine', () => {
  it('may go where a majority of the voters is left that can be reached', () => {
    for (const [peer, given] of [
      ['c', { members: 'ABC', mesh: 'abc' }],
      ['c', { members: 'ABC', mesh: 'abc', away: 'c' }],
      ['b', { members: 'Ab', mesh: 'a' }],
      ['c', { members: 'ABc', mesh: 'a', repo: 'c', copies: 'c' }],
      ['b', { members: 'ABC', mesh: 'abc', repo: 'abc', copies: 'abc' }],
    ] as const)
      assert.equal(refusal(peer, given), null, JSON.stringify(given))
  })

  it('may not where the rest could decide nothing any more, and is told what helps', () => {
    for (const [peer, given, hint] of [
      [
        'b',
        { members: 'ABC', mesh: 'abc', away: 'c' },
        /^Wake c, or remove it first: skein member remove c/,
      ],
      ['a', { members: 'AB', mesh: 'a' }, /^skein member demote a/],
      ['b', { members: 'AB', mesh: 'ab' }, /^Wait until the voters/],
      [
        'b',
        { members: 'AB', mesh: 'a', repo: 'b', copies: 'ab', away: 'b' },
        /recover --accept-loss/,
      ],
      ['b', { members: 'Abc', mesh: 'a', repo: 'b', copies: 'bc' }, /^skein member promote/],
      ['b', { members: 'AbC', mesh: 'a', repo: 'b', copies: 'bc' }, /^Wait until the voters/],
    ] as const) {
      const [code = '', said = ''] = refusal(peer, given) ?? []
      assert.equal(code, 'MEMBER_NEEDED', JSON.stringify(given))
      assert.match(said, hint)
    }
  })

  it('that may decide in a ledger is not let go by one that does not serve it', () => {
    const given = { members: 'ABC', mesh: 'b', copies: 'ac' }
    assert.deepEqual(refusal('a', given), ['MEMBER_NEEDED', 'On c: skein member remove a'])
    for (const [peer, copies] of [
      ['a', 'a'],
      ['c', 'ab'],
    ] as const)
      assert.equal(refusal(peer, { ...given, copies }), null)
    assert.equal(refusal('a', { members: 'aBC', mesh: 'b', copies: 'ac' }), null)
  })

  it('that alone may vote where others have copies is told to promote one of them first', () => {
    const given = { members: 'Ab', mesh: 'a', repo: 'a', copies: 'ab' }
    assert.deepEqual(refusal('a', given), ['MEMBER_LAST_VOTER', 'skein member promote b'])
  })
})
