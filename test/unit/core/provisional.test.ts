import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asClaimId,
  asPeerId,
  encodeRecord,
  formatRequestId,
  type CarriedClaim,
  type ClaimId,
  type LedgerRecord,
  type ProvisionalClaim,
  type RecordBody,
  type Settlement,
} from '../../../protocol/index.ts'
import type { ClaimCommand } from '../../../daemon/core/claims/command.ts'
import {
  forgetSettled,
  framesOfCarried,
  ownProvisionals,
} from '../../../daemon/core/provisional/own.ts'
import { nextRequestId } from '../../../daemon/core/provisional/ask.ts'
import { knownProvisionals } from '../../../daemon/core/provisional/note.ts'
import { settle } from '../../../daemon/core/provisional/settle.ts'
import type { SettleRequest } from '../../../daemon/core/claims/decision.ts'
import { applyRecord, createView } from '../../../daemon/core/view.ts'
import { lapsedClaims } from '../../../daemon/core/renewals.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

/** A mesh of three that `a` leads. */
function mesh(): EngineScript {
  const script = new EngineScript(ALL)
  script.settle(ALL)
  script.elect('a', ['b', 'c'])
  return script
}

function noted(script: EngineScript, name: string, command: ClaimCommand): ProvisionalClaim[] {
  const rid = script.provisional(name, command)
  script.sync(name)
  const outcome = script.outcomeOf(rid)
  assert.equal(outcome?.kind, 'provisional', JSON.stringify(outcome))
  return [...outcome.claims]
}

function onlyOne(claims: readonly ProvisionalClaim[]): ProvisionalClaim {
  const [claim] = claims
  assert.ok(claim !== undefined && claims.length === 1)
  return claim
}

function note(script: EngineScript, session: string, machine: string, pattern: string) {
  return onlyOne(noted(script, machine, claimOf(partyOf(session, machine), pattern)))
}

function path(script: EngineScript, name: string): LedgerRecord[] {
  const { chain, commit } = script.engine(name).consensus
  assert.ok(commit !== null)
  return [...chain.pathFromBase(commit)]
}

function outcomes(script: EngineScript, name: string): string[] {
  return path(script, name).flatMap(({ body }) =>
    body.kind === 'reconcile' ? body.outcomes.map(({ kind, id }) => `${kind} ${id}`) : [],
  )
}

function isHeld(script: EngineScript, name: string, id: ClaimId): boolean {
  return script.engine(name).committed.state.claims.has(id)
}

describe('a provisional claim', () => {
  it('is told only once it is durable, and has no fence', () => {
    const script = mesh()
    const rid = script.provisional('c', claimOf(partyOf('s', 'c'), 'src/a.ts'))
    assert.equal(script.outcomeOf(rid), undefined)
    script.sync('c')
    const outcome = script.outcomeOf(rid)
    assert.equal(outcome?.kind, 'provisional')
    assert.ok(outcome.claims.every((claim) => !('fence' in claim)))
  })

  it('is refused by a live claim of the last known ledger', () => {
    const script = mesh()
    script.request('a', 100, claimOf(partyOf('s1', 'a'), 'src/a.ts'))
    script.settle(ALL)
    script.tick('a', 600)
    script.settle(ALL)
    const rid = script.provisional('c', claimOf(partyOf('s2', 'c'), 'src/**'))
    const outcome = script.outcomeOf(rid)
    assert.equal(outcome?.kind, 'refused')
    assert.deepEqual(
      outcome.conflicts.map(({ claim, provisional }) => [claim.agent, provisional]),
      [['s1', undefined]],
    )
  })

  it('is refused by what the log held, after a start without quorum', () => {
    const script = mesh()
    script.request('a', 100, claimOf(partyOf('s1', 'a'), 'src/a.ts'))
    script.settle(ALL)
    script.restart('c')
    script.tick('c')
    const rid = script.provisional('c', claimOf(partyOf('s2', 'c'), 'src/a.ts'))
    assert.equal(script.outcomeOf(rid)?.kind, 'refused')
  })

  it('is refused by an earlier one of the same side, and not by one that ended', () => {
    const script = mesh()
    const first = note(script, 's1', 'b', 'src/a.ts')
    script.deliver(({ message }) => message.kind === 'provisionals')
    const wanted = claimOf(partyOf('s2', 'c'), 'src/a.ts')
    const outcome = script.outcomeOf(script.provisional('c', wanted))
    assert.equal(outcome?.kind, 'refused')
    assert.deepEqual(
      outcome.conflicts.map(({ claim, provisional }) => [claim.id, provisional]),
      [[first.id, true]],
    )
    script.give('b', { kind: 'end-provisional', ids: [first.id], reason: 'released' })
    script.sync('b')
    script.deliver(({ message }) => message.kind === 'provisionals')
    assert.equal(noted(script, 'c', wanted).length, 1)
  })

  it('is the same one when its session asks again', () => {
    const script = mesh()
    const [first] = noted(script, 'c', claimOf(partyOf('s', 'c'), 'src/a.ts'))
    const [again] = noted(script, 'c', claimOf(partyOf('s', 'c'), 'src/a.ts'))
    assert.equal(again?.id, first?.id)
    assert.equal(ownProvisionals(script.engine('c')).length, 1)
  })

  it('comes after all that its machine has heard of', () => {
    const script = mesh()
    const first = note(script, 's1', 'b', 'src/a.ts')
    script.deliver(({ message }) => message.kind === 'provisionals')
    const second = note(script, 's2', 'c', 'src/b.ts')
    assert.ok(second.lamport > first.lamport)
  })

  it('outlives a restart and a log that is written anew; its number is never used again', () => {
    const script = mesh()
    const first = note(script, 's', 'c', 'src/a.ts')
    const second = note(script, 's', 'c', 'src/b.ts')
    script.give('c', { kind: 'end-provisional', ids: [second.id], reason: 'ttl' })
    script.give('c', { kind: 'rewrite-log' })
    script.sync('c')
    script.restart('c')
    script.tick('c')
    assert.deepEqual(
      ownProvisionals(script.engine('c')).map(({ id }) => id),
      [first.id],
    )
    assert.ok(note(script, 's', 'c', 'src/x.ts').n > second.n)
  })

  it('is settled also where its machine was here before, with a log that is gone', () => {
    const script = new EngineScript(['a', 'b'], ['c'])
    script.settle(ALL)
    script.elect('a', ['b'])
    script.tellMembers('a', ['a', 'b'], ALL)
    script.pass(ALL, 2_000)
    const before = note(script, 's', 'c', 'src/a.ts')
    script.pass(ALL, 4_000)
    assert.ok(isHeld(script, 'c', before.id))
    script.comeBack('c', 9)
    script.pass(ALL, 4_000)
    const later = note(script, 's', 'c', 'src/b.ts')
    script.pass(ALL, 6_000)
    assert.deepEqual(outcomes(script, 'c'), [`promoted ${before.id}`, `promoted ${later.id}`])
    assert.ok(isHeld(script, 'c', later.id))
  })

  it('takes nothing where its call was given up', () => {
    const script = mesh()
    const rid = script.provisional('c', claimOf(partyOf('s', 'c'), 'src/a.ts'))
    script.give('c', { kind: 'abandon', rid })
    script.settle(ALL)
    script.pass(ALL, 6_000)
    assert.equal(script.outcomeOf(rid), undefined)
    assert.deepEqual(ownProvisionals(script.engine('c')), [])
    assert.equal(script.engine('a').committed.state.claims.size, 0)
  })
})

describe('a heal', () => {
  it('promotes, under the same id and with a fence, and tells the peers to forget', () => {
    const script = mesh()
    const claim = note(script, 's', 'c', 'src/a.ts')
    script.settle(ALL)
    assert.equal(knownProvisionals(script.engine('b')).length, 1)
    script.pass(ALL, 4_000)
    const held = script.engine('c').committed.state.claims.get(claim.id)
    assert.ok(held !== undefined && held.fence > 0)
    assert.deepEqual(outcomes(script, 'c'), [`promoted ${claim.id}`])
    for (const name of ALL) assert.deepEqual(knownProvisionals(script.engine(name)), [])
  })

  it('is told where the claims were noted, once each, also from a checkpoint', () => {
    const script = mesh()
    const won = note(script, 's1', 'c', 'src/a.ts')
    const lost = note(script, 's1', 'c', 'src/b.ts')
    script.request('a', 100, claimOf(partyOf('s2', 'a'), 'src/b.ts'))
    script.pass(ALL, 5_000)
    const told = () =>
      script.settled.map(({ by, settled: { kind, claim } }) => `${by} ${kind} ${claim.id}`)
    const expected = [`c promoted ${won.id}`, `c rejected ${lost.id}`]
    assert.deepEqual(told(), expected)
    // As a machine whose log ends before that finds it: the records are gone, the state is there.
    const engine = script.engine('c')
    engine.ownProvisionals.set(lost.id, { claim: lost, position: 0, isAsked: true, ended: null })
    forgetSettled(engine)
    const [again] = engine.out.settled
    assert.equal(again?.kind, 'rejected')
    assert.deepEqual(
      again.conflicts.map(({ agent }) => agent),
      ['s2'],
    )
  })

  it('rejects what meets a confirmed claim, however early it was', () => {
    const script = mesh()
    const early = note(script, 's1', 'c', 'src/a.ts')
    script.drop()
    script.request('a', 100, claimOf(partyOf('s2', 'a'), 'src/a.ts'))
    script.settle(['a', 'b'])
    script.pass(ALL, 5_000)
    assert.deepEqual(outcomes(script, 'a'), [`rejected ${early.id}`])
    assert.equal(isHeld(script, 'c', early.id), false)
    assert.deepEqual(ownProvisionals(script.engine('c')), [])
  })

  it('prefers the earlier of two sides that come at about the same time', () => {
    const script = mesh()
    // c has heard of more than b, so its claim is the later one, though it asks first.
    script.drop()
    note(script, 's0', 'c', 'docs/a.md')
    const late = note(script, 's1', 'c', 'src/a.ts')
    const early = note(script, 's2', 'b', 'src/**')
    script.drop(({ message }) => message.kind === 'provisionals')
    script.settle(['a', 'c'])
    script.tick('a', 500)
    script.settle(ALL)
    script.pass(ALL, 5_000)
    assert.ok(isHeld(script, 'a', early.id))
    assert.equal(isHeld(script, 'a', late.id), false)
    assert.ok(outcomes(script, 'a').includes(`rejected ${late.id}`))
  })

  it('gives back what was promoted after its holder had given it up', () => {
    const script = mesh()
    const claim = note(script, 's', 'c', 'src/a.ts')
    script.tick('c', 10)
    script.settle(ALL)
    // Asked by now; the end reaches the leader after the promotion.
    script.give('c', { kind: 'end-provisional', ids: [claim.id], reason: 'released' })
    script.sync('c')
    script.drop(({ from }) => from === 'c')
    script.pass(['a', 'b'], 3_000)
    assert.ok(isHeld(script, 'a', claim.id))
    script.pass(ALL, 6_000)
    assert.equal(isHeld(script, 'a', claim.id), false)
    assert.deepEqual(outcomes(script, 'a'), [`promoted ${claim.id}`, `ended ${claim.id}`])
    assert.equal(script.engine('c').ownProvisionals.size, 0)
  })

  it('says the same again to a machine that forgot that it asked', () => {
    const script = mesh()
    const claim = note(script, 's1', 'c', 'src/a.ts')
    script.tick('c', 10)
    script.settle(ALL)
    script.pass(['a', 'b'], 3_000)
    assert.ok(isHeld(script, 'a', claim.id))
    script.drop()
    script.restart('c')
    script.pass(ALL, 6_000)
    assert.deepEqual(outcomes(script, 'a'), [`promoted ${claim.id}`])
    assert.equal(script.engine('c').ownProvisionals.size, 0)
  })
})

describe('the request to settle', () => {
  it('waits until what has ended here is durably so, for a crash could bring it back', () => {
    const script = new EngineScript(ALL)
    const first = note(script, 's1', 'b', 'src/a.ts')
    const second = note(script, 's2', 'b', 'src/b.ts')
    script.elect('a', ['c'])
    script.give('b', { kind: 'end-provisional', ids: [first.id], reason: 'released' })
    const asked = (): string[] =>
      script.mail.flatMap(({ message }) =>
        message.kind === 'request' && message.request.command.kind === 'settle'
          ? message.request.command.claims.map(({ id }) => id)
          : [],
      )
    script.deliver(({ to }) => to === 'b')
    assert.deepEqual(asked(), [])
    script.sync('b')
    script.tick('b', 600)
    assert.deepEqual([...new Set(asked())], [second.id])
  })
})

describe('claims of another ledger', () => {
  it('are settled like any, once, and before what is provisional', () => {
    const script = mesh()
    const rival = note(script, 's1', 'b', 'src/a.ts')
    script.drop()
    const [, carried] = noted(script, 'c', {
      ...claimOf(partyOf('s2', 'c'), 'src/a.ts'),
      scopes: ['docs/a.md', 'docs/b.md'].map((pattern) => {
        return { kind: 'file', pattern, symbols: [], mode: 'exclusive' }
      }),
    })
    assert.ok(carried !== undefined)
    const claim = {
      ...carried,
      id: asClaimId('clm_carried'),
      scope: { ...carried.scope, pattern: 'src/a.ts' },
    }
    const carry = () => {
      const rid = nextRequestId(script.engine('c'))
      return { kind: 'carry', rid, claims: [claim] } as const
    }
    const [first, second] = [carry(), carry()]
    script.give('c', first, second)
    assert.equal(script.outcomeOf(first.rid), undefined)
    script.sync('c')
    for (const { rid } of [first, second]) assert.equal(script.outcomeOf(rid)?.kind, 'done')
    script.drop()
    script.pass(ALL, 6_000)
    assert.ok(isHeld(script, 'a', claim.id))
    assert.equal(isHeld(script, 'a', rival.id), false)
    const late = carry()
    script.give('c', late)
    assert.equal(script.outcomeOf(late.rid)?.kind, 'done')
    script.pass(ALL, 4_000)
    assert.equal(outcomes(script, 'a').filter((told) => told.endsWith(claim.id)).length, 1)
  })
})

describe('settling', () => {
  const patterns = ['src/a.ts', 'src/**', 'docs/a.md', 'docs/*.md', 'src/b.ts', 'x.ts']

  function requests(): SettleRequest[] {
    return ['a', 'b', 'c'].map((peer, i): SettleRequest => {
      const claims = patterns.map((_, at): ProvisionalClaim => {
        const command = claimOf(partyOf(`s${peer}`, peer), patterns[(at + i) % 6] ?? '')
        const [scope] = command.scopes
        assert.ok(scope !== undefined)
        return {
          id: asClaimId(`clm_${peer}${String(at)}`),
          rid: null,
          party: command.party,
          scope,
          description: '',
          narrowable: false,
          ttlSeconds: 60,
          stamp: command.stamp,
          lamport: 1 + ((at * 7 + i * 3) % 5),
          n: at + 1,
          base: null,
        }
      })
      const command = { kind: 'settle', peer: asPeerId(peer), claims, ended: [] } as const
      const rid = formatRequestId({ peer: asPeerId(peer), incarnation: 1, sequence: 0 })
      return { rid, command, entropy: new Uint8Array(16) }
    })
  }

  /** Settles on an empty ledger, or on one that has come so far. */
  function settled(asked: readonly SettleRequest[], before: readonly RecordBody[] = []) {
    const view = createView(false)
    const appended: RecordBody[] = []
    let index = 0
    const append = (bodies: readonly RecordBody[]): void => {
      for (const body of bodies) {
        const parent = { term: 1, index, hash: '0'.repeat(32) }
        index++
        const draft = { generation: 1, term: 1, index, parent, atMs: 0, body }
        applyRecord(view, encodeRecord(draft))
        appended.push(body)
      }
    }
    append(before)
    return {
      outcomes: settle({ view, delays: [], wallMs: 0, append }, asked),
      appended,
      append,
      view,
    }
  }

  function verdictOf({ kind, id }: Settlement): string {
    return `${kind} ${id}`
  }

  it('says the same for the same requests in any order', () => {
    const [a, b, c] = requests()
    assert.ok(a !== undefined && b !== undefined && c !== undefined)
    const { outcomes: first } = settled([a, b, c])
    assert.ok(first.some(({ kind }) => kind === 'rejected'))
    for (const order of [
      [c, b, a],
      [b, a, c, b],
      [a, c, b],
    ]) {
      assert.deepEqual(settled(order).outcomes, first)
    }
  })

  it('finishes what a lost leader left without its Reconcile, and grants nothing again', () => {
    const { outcomes: first, appended } = settled(requests())
    for (let cut = 0; cut <= appended.length; cut++) {
      const again = settled(requests(), appended.slice(0, cut))
      // What a claim met may be more by now; that it lost is the same.
      assert.deepEqual(again.outcomes.map(verdictOf), first.map(verdictOf))
      assert.deepEqual(again.appended, appended)
    }
  })

  it('says nothing more of what is settled', () => {
    const { outcomes, append, appended, view } = settled(requests())
    append([{ kind: 'reconcile', rids: [], outcomes }])
    const count = appended.length
    assert.deepEqual(settle({ view, delays: [], wallMs: 0, append }, requests()), [])
    assert.equal(appended.length, count)
  })
})

describe('a lease, as its holder counts it', () => {
  function held(): EngineScript {
    const script = mesh()
    const command = claimOf(partyOf('s', 'c'), 'src/a.ts')
    script.tick('c')
    const { consensus, uptimeMs } = script.engine('c')
    const stamp = { boot: 'b', wallMs: consensus.wallMs, uptimeMs: uptimeMs ?? 0 }
    script.request('c', 100, { ...command, stamp })
    script.settle(ALL)
    script.tick('a', 600)
    script.settle(ALL)
    assert.equal(script.engine('c').committed.state.claims.size, 1)
    return script
  }

  it('runs from the stamp of the claim, for less than the leader waits', () => {
    const script = held()
    assert.deepEqual(lapsedClaims(script.engine('c')), [])
    script.tick('c', 500_000)
    assert.deepEqual(lapsedClaims(script.engine('c')), [])
    script.tick('c', 90_000)
    assert.equal(lapsedClaims(script.engine('c')).length, 1)
    assert.deepEqual(lapsedClaims(script.engine('a')), [], "another's claim is not its own")
  })

  it('runs anew from when a confirmed renewal was sent', () => {
    const script = held()
    script.tick('c', 500_000)
    // It asks who leads, and hears it.
    script.settle(ALL)
    const { session } = partyOf('s', 'c')
    script.give('c', { kind: 'alive', sessions: [session] })
    script.settle(ALL)
    script.tick('c', 500_000)
    assert.deepEqual(lapsedClaims(script.engine('c')), [])
    script.tick('c', 100_000)
    assert.equal(lapsedClaims(script.engine('c')).length, 1)
  })

  it('is not counted from a stamp of another boot', () => {
    const script = mesh()
    const command = claimOf(partyOf('s', 'c'), 'src/a.ts')
    const stamp = { boot: 'another', wallMs: 1e15, uptimeMs: 1e15 }
    script.request('c', 100, { ...command, stamp })
    script.settle(ALL)
    script.tick('a', 600)
    script.settle(ALL)
    script.tick('c', 10)
    assert.equal(lapsedClaims(script.engine('c')).length, 1)
  })

  it('of a promoted claim runs from when it was asked for, however old it is', () => {
    const script = mesh()
    const claim = note(script, 's', 'c', 'src/a.ts')
    script.drop()
    script.tick('c', 10)
    script.pass(ALL, 4_000)
    assert.ok(isHeld(script, 'c', claim.id))
    assert.deepEqual(lapsedClaims(script.engine('c')), [])
    assert.equal(script.engine('c').consensus.self, asPeerId('c'))
  })
})

describe('claims of a ledger that was lost', () => {
  const carriedOf = (holder: string, id: string, pattern: string): CarriedClaim => {
    const { party, scopes, stamp } = claimOf(partyOf(`s-${holder}`, holder), pattern)
    const [scope] = scopes
    assert.ok(scope !== undefined)
    const terms = { description: '', narrowable: true, ttlSeconds: 3_600 }
    return { id: asClaimId(id), party, scope, stamp, ...terms }
  }
  const listed = (by: string, claims: readonly CarriedClaim[]): ProvisionalClaim[] =>
    framesOfCarried(asPeerId(by), claims).flatMap((frame) =>
      frame.kind === 'meta' ? (frame.value['provisionals'] as ProvisionalClaim[]) : [],
    )
  const settleOf = (peer: string, claims: readonly ProvisionalClaim[]): SettleRequest => ({
    rid: formatRequestId({ peer: asPeerId(peer), incarnation: 1, sequence: 0 }),
    entropy: new Uint8Array(16),
    command: { kind: 'settle', peer: asPeerId(peer), claims, ended: [] },
  })
  const at = {
    generation: 2,
    term: 1,
    parent: { term: 1, index: 0, hash: '0'.repeat(32) },
    atMs: 0,
  }
  const apply = (requests: readonly SettleRequest[], view = createView(false)) => {
    let index = view.state.applied.index
    const append = (bodies: readonly RecordBody[]): void => {
      for (const body of bodies) {
        index++
        applyRecord(view, encodeRecord({ ...at, index, body }))
      }
    }
    const told = settle({ view, delays: [], wallMs: 0, append }, requests)
    append([{ kind: 'reconcile', rids: requests.map(({ rid }) => rid), outcomes: told }])
    return { view, told: told.map(({ kind, id }) => `${kind} ${id}`) }
  }

  it('are all settled by whoever founds the next one, in the order of their grants', () => {
    const claims = [
      carriedOf('a', 'one', 'x'),
      carriedOf('b', 'two', 'y'),
      carriedOf('c', 'three', 'x'),
    ]
    const { view, told } = apply([settleOf('a', listed('a', claims))])
    assert.deepEqual(told, ['promoted one', 'promoted two', 'rejected three'])
    assert.equal(view.state.claims.get(asClaimId('two'))?.peer, 'b')
    // They are counted as the founder's, so that what b notes later is not taken for settled.
    assert.deepEqual([...view.state.settled], [['a', 3]])
  })

  it('do not meet themselves when their own machine brings them too', () => {
    const claim = carriedOf('b', 'two', 'y')
    const { view } = apply([settleOf('a', listed('a', [claim]))])
    const { told } = apply([settleOf('b', listed('b', [claim]))], view)
    assert.deepEqual(told, ['promoted two'])
    assert.equal(view.state.claims.size, 1)
    const ids = [asClaimId('two')]
    const release = { kind: 'release', rid: null, ids, reason: 'released', by: 'b' } as const
    applyRecord(view, encodeRecord({ ...at, index: 90, body: release }))
    // What has ended there does not come back.
    const again = listed('b', [claim]).map((one) => ({ ...one, n: 9 }))
    assert.deepEqual(apply([settleOf('b', again)], view).told, ['rejected two'])
    assert.equal(view.state.claims.size, 0)
  })

  it('of others are taken from the founder alone', () => {
    const script = mesh()
    const claim = carriedOf('c', 'three', 'z')
    const rid = script.request('b', 100, {
      kind: 'settle',
      peer: asPeerId('b'),
      claims: listed('b', [claim]),
      ended: [],
    })
    script.settle(ALL)
    assert.equal(script.outcomeOf(rid)?.kind, 'failed')
  })
})
