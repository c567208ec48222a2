import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asPeerId,
  DAY_MS,
  decodeState,
  encodeState,
  NO_POLICY,
  type Policy,
  type RequestId,
} from '../../../protocol/index.ts'
import type { ClaimCommand, Outcome } from '../../../daemon/core/claims/command.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']
const BOB = partyOf('bob', 'b')
const CAROL = partyOf('carol', 'c')

const POLICY: Policy = {
  ...NO_POLICY,
  areas: [
    { kind: 'area', name: 'auth', paths: ['src/auth/**'], owners: ['bob'], severity: 'hard' },
    { kind: 'module', name: 'open', paths: ['any/**'], owners: [], severity: 'hard' },
  ],
  shared: ['locale/**'],
  protected: ['gen/**'],
}

class Ledger {
  readonly script = new EngineScript(ALL)
  #sequence = 10

  constructor(policy: Policy | null = POLICY) {
    this.script.elect('a', ['b', 'c'])
    if (policy !== null) this.set(policy, 1)
  }

  set(policy: Policy, atMs: number): void {
    const source = { kind: 'file', commit: String(atMs), atMs } as const
    this.ask('b', { kind: 'set-policy', policy, source })
  }

  ask(by: string, command: Parameters<EngineScript['request']>[2]): Outcome | undefined {
    const rid: RequestId = this.script.request(by, this.#sequence++, command)
    this.script.pass(ALL, 1_000)
    return this.script.outcomeOf(rid)
  }

  claim(party: typeof BOB, pattern: string, wait = 0): Outcome | undefined {
    return this.ask(party.machine, claimOf(party, pattern, wait))
  }

  state() {
    return this.script.engine('c').committed.state
  }
}

function codeOf(outcome: Outcome | undefined): string {
  return outcome?.kind === 'failed' ? outcome.failure.code : (outcome?.kind ?? 'nothing')
}

describe('a policy', () => {
  it('is the one of the later commit, whoever tells of it last', () => {
    const ledger = new Ledger()
    ledger.set({ ...POLICY, protected: ['old/**'] }, 0)
    assert.deepEqual(ledger.state().policy.policy.protected, ['gen/**'])
    ledger.set({ ...POLICY, protected: ['new/**'] }, 2)
    assert.deepEqual(ledger.state().policy.policy.protected, ['new/**'])
  })

  it('is refused where a pattern cannot be read', () => {
    const ledger = new Ledger()
    const source = { kind: 'file', commit: 'x', atMs: 5 } as const
    const policy = { ...POLICY, protected: ['src/[a'] }
    assert.equal(codeOf(ledger.ask('b', { kind: 'set-policy', policy, source })), 'INPUT_PATTERN')
  })

  it('is not in the way of a commit that claims to be of the future', () => {
    const ledger = new Ledger(null)
    ledger.set(POLICY, Number.MAX_SAFE_INTEGER)
    ledger.script.pass(ALL, 5_000)
    ledger.set({ ...POLICY, protected: [] }, 8_000)
    assert.deepEqual(ledger.state().policy.policy.protected, [])
  })

  it('judges symbols, wide patterns, and claims in the queue', () => {
    const ledger = new Ledger()
    assert.equal(codeOf(ledger.claim(CAROL, '**')), 'POLICY_PROTECTED')
    assert.equal(codeOf(ledger.claim(CAROL, 'src/**')), 'POLICY_APPROVAL')
    const { scopes, ...rest } = claimOf(CAROL, 'gen/a.ts')
    const [file] = scopes
    assert.ok(file !== undefined)
    const symbol: ClaimCommand = { ...rest, scopes: [{ ...file, kind: 'symbol', symbols: ['A'] }] }
    assert.equal(codeOf(ledger.ask('c', symbol)), 'POLICY_PROTECTED')
    assert.equal(codeOf(ledger.claim(BOB, 'later.ts')), 'granted')
    assert.equal(codeOf(ledger.claim(CAROL, 'later.ts', 60)), 'queued')
    ledger.set({ ...POLICY, protected: ['later.ts'] }, 2)
    ledger.ask('b', { kind: 'release', party: BOB, target: { by: 'mine' }, force: null })
    assert.equal(ledger.state().queue.size, 0)
    assert.equal(ledger.state().claims.size, 0, 'nobody was granted what is protected by now')
  })

  it('survives a checkpoint, and a state from before there was any', () => {
    const ledger = new Ledger()
    ledger.claim(CAROL, 'src/auth/a.ts')
    const text = encodeState(ledger.state())
    assert.equal(encodeState(decodeState(text)), text)
    const { policy, approvals, refusals, ...old } = JSON.parse(text) as Record<string, unknown>
    assert.ok(policy !== undefined && approvals !== undefined && refusals !== undefined)
    const before = decodeState(JSON.stringify(old))
    assert.deepEqual([before.policy.policy, before.approvals], [NO_POLICY, []])
  })
})

describe('an area that nobody owns', () => {
  it('is opened by any person, for who asked and no longer than said', () => {
    const ledger = new Ledger()
    assert.equal(codeOf(ledger.claim(CAROL, 'any/a.ts')), 'POLICY_APPROVAL')
    const [asked] = ledger.state().approvals
    assert.ok(asked !== undefined)
    const answer = { kind: 'answer-approval', party: BOB, note: '', id: asked.id } as const
    ledger.ask('b', { ...answer, state: 'approved', seconds: 30 })
    assert.equal(codeOf(ledger.claim(partyOf('dave', 'b'), 'any/a.ts')), 'POLICY_APPROVAL')
    assert.equal(codeOf(ledger.claim(CAROL, 'any/a.ts')), 'granted')
    ledger.ask('c', { kind: 'release', party: CAROL, target: { by: 'mine' }, force: null })
    ledger.script.pass(ALL, 60_000)
    assert.equal(codeOf(ledger.claim(CAROL, 'any/a.ts')), 'POLICY_APPROVAL')
  })
})

describe('a pattern that becomes shared', () => {
  const DAVE = partyOf('dave', 'b')
  const promote = { kind: 'promote', party: BOB, pattern: 'x.ts', isPinned: true } as const
  const release = { kind: 'release', party: BOB, target: { by: 'mine' }, force: null } as const
  const modesOf = (ledger: Ledger): readonly string[] =>
    [...ledger.state().claims.values()].map(({ agent, mode }) => `${agent} ${mode}`)
  const sharedOf = (party: typeof BOB): ClaimCommand => {
    const { scopes, ...rest } = claimOf(party, 'x.ts')
    return { ...rest, scopes: scopes.map((scope) => ({ ...scope, mode: 'shared' })) }
  }

  it('leaves its holder and its waiters what they have when they ask again', () => {
    const ledger = new Ledger(null)
    ledger.claim(BOB, 'x.ts')
    ledger.claim(CAROL, 'x.ts', 600)
    ledger.ask('b', promote)
    assert.equal(codeOf(ledger.claim(BOB, 'x.ts')), 'renewed')
    assert.equal(codeOf(ledger.claim(CAROL, 'x.ts', 600)), 'queued')
    assert.deepEqual(modesOf(ledger), ['bob exclusive'])
    assert.equal(ledger.state().queue.size, 1)
  })

  it('lets in whoever waits behind those who share it', () => {
    const ledger = new Ledger(null)
    ledger.ask('b', sharedOf(BOB))
    assert.equal(codeOf(ledger.claim(CAROL, 'x.ts', 600)), 'queued')
    ledger.ask('b', promote)
    assert.deepEqual(modesOf(ledger), ['bob shared', 'carol shared'])
  })

  it('lets in all who wait for it at once', () => {
    const ledger = new Ledger(null)
    ledger.claim(BOB, 'x.ts')
    ledger.claim(CAROL, 'x.ts', 600)
    ledger.claim(DAVE, 'x.ts', 600)
    ledger.ask('b', promote)
    ledger.ask('b', release)
    assert.deepEqual(modesOf(ledger), ['carol shared', 'dave shared'])
  })

  it('is asked for as it was when it is shared no longer', () => {
    const ledger = new Ledger(null)
    ledger.claim(BOB, 'x.ts')
    ledger.claim(CAROL, 'x.ts', 600)
    ledger.claim(DAVE, 'x.ts', 600)
    ledger.ask('b', promote)
    ledger.ask('b', { kind: 'demote', party: BOB, pattern: 'x.ts' })
    ledger.ask('b', release)
    assert.deepEqual(modesOf(ledger), ['carol exclusive'])
  })
})

describe('a claim in hard areas of several owners', () => {
  const area = (name: string, owners: readonly string[]) =>
    ({ kind: 'area', name, paths: [`${name}/**`], owners, severity: 'hard' }) as const
  const policy: Policy = {
    ...NO_POLICY,
    areas: [area('one', ['bob']), area('two', ['dora']), area('three', ['bob'])],
  }
  const scope = { kind: 'file', symbols: [], mode: 'exclusive' } as const

  it('asks each about what is theirs, and enters once all have said so', () => {
    const ledger = new Ledger(policy)
    const wide: ClaimCommand = {
      ...claimOf(CAROL, ''),
      scopes: ['one/a', 'two/a', 'three/a'].map((pattern) => ({ ...scope, pattern })),
    }
    assert.equal(codeOf(ledger.ask('c', wide)), 'POLICY_APPROVAL')
    const asked = ledger.state().approvals
    const told = asked.map(({ areas, scopes }) => [areas, scopes.map(({ pattern }) => pattern)])
    assert.deepEqual(told, [
      [
        ['one', 'three'],
        ['one/a', 'three/a'],
      ],
      [['two'], ['two/a']],
    ])
    assert.equal(codeOf(ledger.ask('c', wide)), 'POLICY_APPROVAL')
    assert.equal(ledger.state().approvals.length, 2, 'asked once')
    const answer = (by: typeof BOB, at: number): Outcome | undefined => {
      const id = ledger.state().approvals[at]?.id ?? assert.fail()
      const body = { kind: 'answer-approval', id, party: by, note: '' } as const
      return ledger.ask(by.machine, { ...body, state: 'approved', seconds: 3_600 })
    }
    const dora = partyOf('dora', 'a')
    assert.equal(codeOf(answer(BOB, 1)), 'POLICY_NOT_OWNER')
    assert.equal(codeOf(answer(BOB, 0)), 'done')
    const half = ledger.ask('c', wide)
    assert.ok(half?.kind === 'failed')
    assert.match(half.failure.message, /'two\/a' is in 'two', where claims need a word of dora/)
    assert.equal(codeOf(answer(dora, 1)), 'done')
    assert.equal(codeOf(ledger.ask('c', wide)), 'granted')
  })
})

describe('a policy among older machines', () => {
  it('is written once all of them can read it; until then claims go on without', () => {
    const ledger = new Ledger(null)
    const tell = (version: number): void => {
      for (const name of ALL) {
        const copies = ALL.filter((other) => other !== name).map(asPeerId)
        const members = { willing: ALL.map(asPeerId), copies, isCopy: true, asOf: 1, version }
        ledger.script.give(name, { kind: 'members', members })
      }
    }
    tell(2)
    const source = { kind: 'file', commit: 'x', atMs: 5 } as const
    const set = { kind: 'set-policy', policy: POLICY, source } as const
    const unasked: RequestId = ledger.script.request('b', 5, set)
    const told = ledger.script.outcomeOf(unasked)
    assert.equal(codeOf(told), 'MEMBER_OUTDATED', 'told at once: an older leader would not answer')
    assert.deepEqual(
      ledger.script.mail.filter(({ message }) => message.kind === 'request'),
      [],
    )
    assert.equal(codeOf(ledger.ask('a', set)), 'MEMBER_OUTDATED')
    assert.equal(codeOf(ledger.claim(CAROL, 'gen/a.ts')), 'granted')
    assert.equal(codeOf(ledger.claim(BOB, 'gen/a.ts')), 'refused')
    ledger.script.pass(ALL, 60_000)
    assert.deepEqual(ledger.state().refusals, [], 'no counts that an older machine would stop at')
    tell(3)
    assert.equal(codeOf(ledger.ask('b', set)), 'done')
    assert.equal(codeOf(ledger.claim(BOB, 'gen/b.ts')), 'POLICY_PROTECTED')
  })
})

describe('hot spots', () => {
  const hot = { ...NO_POLICY, hotspots: { ...NO_POLICY.hotspots, promoteAt: 2 } }
  const meet = (ledger: Ledger, pattern: string, times: number): void => {
    ledger.claim(BOB, pattern)
    for (let i = 0; i < times; i++) ledger.claim(CAROL, pattern)
    ledger.script.pass(ALL, 60_000)
  }
  const promoted = (ledger: Ledger): readonly string[] =>
    ledger.state().policy.promoted.map(({ pattern }) => pattern)

  it('are counted a day, and shared from the threshold on', () => {
    const ledger = new Ledger(hot)
    meet(ledger, 'x.ts', 1)
    assert.deepEqual(promoted(ledger), [])
    meet(ledger, 'x.ts', 1)
    assert.deepEqual(promoted(ledger), ['x.ts'])
    const [day] = ledger.state().refusals
    assert.deepEqual(day?.counts, [{ pattern: 'x.ts', refused: 2, agents: ['carol'] }])
  })

  it('are the scopes that met others, not all that a waiter asked for', () => {
    const ledger = new Ledger(hot)
    ledger.claim(BOB, 'x.ts')
    const { scopes, ...rest } = claimOf(CAROL, 'x.ts', 600)
    const wide = scopes.flatMap((scope) =>
      ['w.ts', 'x.ts', 'y.ts'].map((pattern) => ({ ...scope, pattern })),
    )
    assert.equal(codeOf(ledger.ask('c', { ...rest, scopes: wide })), 'queued')
    ledger.script.pass(ALL, 60_000)
    const [day] = ledger.state().refusals
    assert.deepEqual(
      day?.counts.map(({ pattern }) => pattern),
      ['x.ts'],
    )
  })

  it('of one folder become the folder', () => {
    const ledger = new Ledger(hot)
    for (const name of ['a', 'b', 'c']) meet(ledger, `src/${name}.ts`, 2)
    assert.deepEqual(promoted(ledger), ['src/**'])
  })

  it('end when they stay calm, unless a person pinned them', () => {
    const ledger = new Ledger(hot)
    meet(ledger, 'x.ts', 2)
    meet(ledger, 'y.ts', 2)
    const pin = { kind: 'promote', party: BOB, pattern: 'y.ts', isPinned: true } as const
    ledger.ask('b', pin)
    assert.deepEqual([...promoted(ledger)].sort(), ['x.ts', 'y.ts'])
    ledger.script.skip(15 * DAY_MS)
    ledger.script.pass(ALL, 2_000)
    ledger.script.elect('a', ['b', 'c'])
    ledger.script.pass(ALL, 2_000)
    assert.deepEqual(promoted(ledger), ['y.ts'])
  })
})
