import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BoardSnapshot, RepoSnapshot } from '../../../../daemon/client/board/board-feed.ts'
import {
  alarmsOf,
  answeringText,
  CLAIM_STATES,
  firstRepo,
  standingOf,
} from '../../../../daemon/client/board/standing.ts'
import { asRepoId, SkeinError } from '../../../../protocol/index.ts'
import { aRepo, aSnapshot, REPO } from '../../../helpers/board-snapshots.ts'

function words(
  snapshot: Partial<BoardSnapshot>,
  repo: Partial<RepoSnapshot> | null = {},
): string[] {
  const own = repo === null ? null : aRepo(repo)
  return alarmsOf(aSnapshot(snapshot), own).map(({ word }) => word)
}

const NOW = aRepo().now

describe('alarmsOf', () => {
  it('is silent only where all can be relied on', () => {
    assert.deepEqual(words({}), [])
  })

  it('says first that the daemon is lost: nothing else is known then', () => {
    const connection = { kind: 'lost', code: 1006, reason: '' } as const
    assert.deepEqual(words({ connection }, { problem: new SkeinError('INTERNAL', 'x') }), [
      'DAEMON LOST',
    ])
    // At the first start there is nothing yet to be wrong about.
    assert.deepEqual(words({ connection: { kind: 'connecting' } }, null), [])
  })

  for (const [word, repo] of [
    ['LEDGER UNREADABLE', { problem: new SkeinError('INTERNAL', 'x') }],
    ['REPOSITORY UNUSABLE', { now: NOW && { ...NOW, problem: 'its log is broken' } }],
    ['NO MAJORITY', { now: NOW && { ...NOW, quorum: false } }],
    ['NO MAJORITY', { now: NOW && { ...NOW, attached: false } }],
    ['NO LEADER', { now: NOW && { ...NOW, leader: null } }],
  ] as const)
    it(`says ${word}`, () => {
      assert.deepEqual(words({}, repo), [word])
    })

  it('names machines that are away, that are silent and that may sleep', () => {
    const [first] = aSnapshot().members
    assert.ok(first !== undefined)
    const others = (['away', 'silent', 'asleep'] as const).map((presence) => {
      return { ...first, machine: `${presence}-one`, presence }
    })
    const snapshot = aSnapshot({ members: [first, ...others] })
    const told = alarmsOf(snapshot, aRepo()).map(({ word, text }) => [word, text])
    assert.deepEqual(told, [
      ['AWAY', 'away-one'],
      ['SILENT', 'silent-one'],
      ['ASLEEP?', 'asleep-one'],
    ])
    assert.equal(answeringText(snapshot), '1/4')
  })
})

describe('states of claims', () => {
  it('differ without colour', () => {
    const all = Object.values(CLAIM_STATES)
    assert.equal(new Set(all.map(({ sign }) => sign)).size, all.length)
    assert.equal(new Set(all.map(({ word }) => word)).size, all.length)
  })
})

describe('standingOf', () => {
  for (const [word, more] of [
    ['ok', {}],
    ['UNUSABLE', { problem: 'x', quorum: false }],
    ['NO MAJORITY', { quorum: false, leader: null }],
    ['NO MAJORITY', { attached: false }],
    ['NO LEADER', { leader: null }],
  ] as const)
    it(`says ${word}`, () => {
      const well = { role: 'leader', quorum: true, attached: true }
      const repo = { ...well, leader: 'ada', problem: null, ...more }
      assert.equal(standingOf(repo).word, word)
    })
})

describe('firstRepo', () => {
  const [status] = [aSnapshot().status]
  const [repo] = status?.repos ?? []
  assert.ok(status !== null && repo !== undefined)
  const repos = [
    { ...repo, checkouts: ['/work/proj'] },
    { ...repo, id: 'team/inner', claims: 0, checkouts: ['/work/proj/inner'] },
    { ...repo, id: 'team/busy', claims: 90, checkouts: ['/work/busy'] },
  ]
  const snapshot = aSnapshot({ status: { ...status, repos } })

  for (const [folder, expected] of [
    ['/work/proj', REPO],
    ['/work/proj/src', REPO],
    ['/work/proj/inner/x', 'team/inner'],
    ['/work/project', 'team/busy'],
    [null, 'team/busy'],
  ] as const)
    it(`is ${expected} in ${String(folder)}`, () => {
      assert.equal(firstRepo(snapshot, folder), asRepoId(expected))
    })

  it('is none where none is enrolled', () => {
    assert.equal(firstRepo(aSnapshot({ status: { ...status, repos: [] } }), '/'), null)
  })
})
