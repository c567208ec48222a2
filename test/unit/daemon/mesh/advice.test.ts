import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asPeerId, type MemberRole, type MemberState } from '../../../../protocol/index.ts'
import { adviseVoters, type Advice, type Presence } from '../../../../daemon/mesh/advice.ts'

const DAY_MS = 24 * 3_600_000
const SELF = asPeerId('self')

function member(name: string, role: MemberRole): MemberState {
  return { peer: asPeerId(name), machine: name, role, addresses: [], version: 2 }
}

const HERE: Presence = { isOnline: true, minutes: 24 * 60, isAlwaysOn: false, awayMs: 0 }
const AWAY: Presence = { isOnline: false, minutes: 0, isAlwaysOn: true, awayMs: 7 * DAY_MS }

function advise(roles: Readonly<Record<string, MemberRole>>, presence: Record<string, Presence>) {
  const members = Object.entries(roles).map(([name, role]) => member(name, role))
  return adviseVoters(members, SELF, (peer) => presence[peer] ?? AWAY).map(wordOf)
}

function wordOf(one: Advice): string {
  switch (one.kind) {
    case 'promote':
      return `+${one.peer}`
    case 'replace':
      return `${one.peer} by ${one.by ?? 'nobody'}`
    case 'unreachable':
      return `?${one.peer}`
  }
}

describe('who should vote', () => {
  it('is asked once two are there enough: one more would be an even number', () => {
    const roles = { self: 'voter', a: 'learner', b: 'learner', c: 'learner' } as const
    assert.deepEqual(advise(roles, { a: HERE }), [])
    assert.deepEqual(advise(roles, { a: HERE, b: HERE, c: HERE }), ['+a', '+b'])
  })

  it('takes one where the number is even, and never makes more than five', () => {
    const even = { self: 'voter', v: 'voter', a: 'learner' } as const
    assert.deepEqual(advise(even, { v: HERE, a: HERE }), ['+a'])
    const five = { self: 'voter', v: 'voter', w: 'voter', x: 'voter', y: 'voter' } as const
    const all = { v: HERE, w: HERE, x: HERE, y: HERE, a: HERE, b: HERE }
    assert.deepEqual(advise({ ...five, a: 'learner', b: 'learner' }, all), [])
  })

  it('counts a day of three for a machine with a battery, ten minutes for one without', () => {
    const roles = { self: 'voter', a: 'learner', b: 'learner' } as const
    const short = { ...HERE, minutes: 10 }
    assert.deepEqual(advise(roles, { a: HERE, b: short }), [])
    assert.deepEqual(advise(roles, { a: HERE, b: { ...short, isAlwaysOn: true } }), ['+a', '+b'])
    assert.deepEqual(advise(roles, { a: HERE, b: { ...HERE, isOnline: false } }), [])
  })

  it('names a voter that is away for a week, and who could take its place', () => {
    const roles = { self: 'voter', v: 'voter', w: 'voter', a: 'learner' } as const
    const almost = { ...AWAY, awayMs: 7 * DAY_MS - 1 }
    assert.deepEqual(advise(roles, { v: almost, w: HERE, a: HERE }), [])
    assert.deepEqual(advise(roles, { v: AWAY, w: HERE, a: HERE }), ['v by a'])
    assert.deepEqual(advise(roles, { v: AWAY, w: HERE, a: AWAY }), ['v by nobody'])
    assert.deepEqual(advise(roles, { v: { ...AWAY, awayMs: null }, w: HERE, a: HERE }), [])
  })

  it('can be dialled by the others, where they are on several hosts', () => {
    const at = (name: string, role: MemberRole, ...addresses: string[]): MemberState => {
      return { ...member(name, role), addresses }
    }
    const [wide, own] = ['/ip4/10.0.0.1/tcp/7451', '/ip4/127.0.0.1/tcp/7451']
    const of = (...members: MemberState[]) => adviseVoters(members, SELF, () => HERE).map(wordOf)
    const self = at('self', 'voter', wide)
    assert.deepEqual(of(self, at('v', 'voter', own), at('w', 'voter', own, wide)), ['?v'])
    assert.deepEqual(of(self, at('a', 'learner', own)), [])
    const here = [at('self', 'voter', own), at('v', 'voter', own)]
    assert.deepEqual(of(...here), [])
  })
})
