import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEventInput, RepoId } from '../../protocol/index.ts'
import { checkHistory, type Action, type Operation, type Outcome } from '../helpers/history.ts'
import { mergeLogs } from '../helpers/history-facts.ts'

/** A sound run: bob is refused, gets the scope after alice's release, and a third claim lives beside theirs. */
const OPERATIONS: readonly Operation[] = [
  operation('alice', 0, 10, claim('src/**'), granted(2, 'c1')),
  operation('bob', 12, 20, claim('src/a.ts'), { kind: 'refused' }),
  operation('carol', 13, 30, claim('docs/x.md'), granted(3, 'c2')),
  operation('alice', 31, 32, { kind: 'verify', claim: 'c1' }, { kind: 'done' }),
  operation('alice', 40, 50, { kind: 'release', claim: 'c1' }, { kind: 'done' }),
  operation('bob', 45, 60, claim('src/a.ts'), granted(5, 'c3')),
]
const LOG: readonly AuditEventInput[] = [
  grantedEvent(2, 'c1', 'alice', 'src/**'),
  grantedEvent(3, 'c2', 'carol', 'docs/x.md'),
  endedEvent(4, 'c1', 'released'),
  grantedEvent(5, 'c3', 'bob', 'src/a.ts'),
]

describe('a sound history', () => {
  it('has no violations', () => {
    assert.deepEqual(judge(OPERATIONS, LOG), [])
  })

  it('may hold what was never answered, or not', () => {
    const unknown = operation('dave', 70, null, claim('lib/**'), { kind: 'unknown' })
    assert.deepEqual(judge([...OPERATIONS, unknown], LOG), [])
    const done = [...LOG, grantedEvent(6, 'c4', 'dave', 'lib/**')]
    assert.deepEqual(judge([...OPERATIONS, unknown], done), [])
  })

  it('may tell of a grant only when it is asked for again', () => {
    const first = operation('dave', 5, null, claim('lib/**'), { kind: 'unknown' })
    const again = operation('dave', 70, 80, claim('lib/**'), granted(3, 'c4'))
    const log = [LOG[0], grantedEvent(3, 'c4', 'dave', 'lib/**')].flatMap((event) => event ?? [])
    assert.deepEqual(judge([...OPERATIONS.slice(0, 2), first, again], log), [])
    expectOne(
      judge(
        [...OPERATIONS.slice(0, 1), operation('erin', 20, 60, claim('x'), granted(4, 'c5')), again],
        [...log, grantedEvent(4, 'c5', 'erin', 'x')],
      ),
      /asked after, ordered before: \[p1 dave .* at 3, and \[p1 erin .* at 4/,
    )
  })

  it('may tell of a grant that an earlier call was not told of, to its session, when that call was given up', () => {
    const log = [
      ...LOG.slice(0, 1),
      grantedEvent(3, 'c4', 'dave', 'lib/**'),
      grantedEvent(4, 'c5', 'erin', 'x'),
    ]
    const others = [
      ...OPERATIONS.slice(0, 1),
      operation('erin', 50, 60, claim('x'), granted(4, 'c5')),
    ]
    const again = operation('dave', 70, 80, claim('lib/**'), granted(3, 'c4'))
    const asked = (outcome: Outcome) => operation('dave', 5, 40, claim('lib/**'), outcome)
    const givenUp = asked({ kind: 'refused', isGivenUp: true })
    assert.deepEqual(judge([...others, givenUp, again], log), [])
    expectOne(judge([...others, asked({ kind: 'refused' }), again], log), /asked after, ordered/)
  })

  it('may end what was refused, and pass on what its holder gave up without an answer', () => {
    const late = [
      ...LOG,
      grantedEvent(6, 'c4', 'bob', 'src/a.ts'),
      endedEvent(7, 'c4', 'abandoned'),
    ]
    const operations = OPERATIONS.map((one) =>
      one.action.kind === 'release'
        ? { ...one, returnMs: null, outcome: { kind: 'unknown' } as const }
        : one,
    )
    assert.deepEqual(judge(operations, late), [])
  })

  it('has shared claims side by side', () => {
    const operations = ['alice', 'bob'].map((session, at) =>
      operation(session, 10 * at, 10 * at + 5, claim('src/**'), granted(at + 2, `c${String(at)}`)),
    )
    const log = ['alice', 'bob'].map((session, at) =>
      grantedEvent(at + 2, `c${String(at)}`, session, 'src/**', 'shared'),
    )
    assert.deepEqual(judge(operations, log), [])
  })
})

describe('a planted fault', () => {
  it('is seen: an acknowledged grant is lost', () => {
    const log = LOG.filter(({ index }) => index !== 3)
    const found = judge(OPERATIONS, log)
    assert.match(
      found.join('\n'),
      /acknowledged, and not in the ledger: \[p1 carol claim docs\/x.md 13..30/,
    )
  })

  it('is seen: an acknowledged release is lost', () => {
    const found = judge(OPERATIONS.slice(0, 5), LOG.slice(0, 2))
    expectOne(found, /released, and still live: \[p1 alice release c1/)
  })

  it('is seen: one scope, two holders, in the ledger and in true time', () => {
    const log = LOG.filter(({ index }) => index !== 4)
    const found = judge(
      OPERATIONS.filter(({ action }) => action.kind !== 'release'),
      log,
    ).join('\n')
    assert.match(found, /grant c3 of src\/a.ts .* while live: grant c1/)
    assert.match(found, /two holders from 60 to Infinity: grant c1 .* and grant c3/)
  })

  it('is seen: the ledger freed a scope that its holder had still confirmed', () => {
    const operations = OPERATIONS.map((one) =>
      one.action.kind === 'release'
        ? { ...one, callMs: 70, returnMs: 75, action: { kind: 'verify', claim: 'c1' } as const }
        : one,
    )
    expectOne(judge(operations, LOG), /two holders from 60 to 70: grant c1 .* and grant c3/)
  })

  it('is seen: a fence is given twice', () => {
    const operations = OPERATIONS.with(
      -1,
      operation('bob', 45, 60, claim('src/a.ts'), granted(3, 'c3')),
    )
    const found = judge(
      operations,
      LOG.with(-1, grantedEvent(5, 'c3', 'bob', 'src/a.ts', 'exclusive', 3)),
    ).join('\n')
    assert.match(found, /one fence for two sessions: \[p1 carol .*\] and \[p1 bob/)
    assert.match(found, /fences do not rise: grant c3/)
  })

  it('is seen: the ledger contradicts the order of true time', () => {
    const operations = OPERATIONS.with(
      2,
      operation('carol', 61, 65, claim('docs/x.md'), granted(3, 'c2')),
    )
    expectOne(
      judge(operations, LOG),
      /asked after, ordered before: \[p1 carol .*\] at 3, and \[p1 bob .*\] at 5/,
    )
  })

  it('is seen: a release that came before what preceded it', () => {
    const operations = OPERATIONS.with(
      4,
      operation('alice', 61, 65, { kind: 'release', claim: 'c1' }, { kind: 'done' }),
    )
    const found = judge(operations, LOG).join('\n')
    assert.match(found, /asked after, ordered before: \[p1 alice release/)
    assert.match(found, /two holders from 60 to 61/)
  })

  it('is seen: what was refused lives on, or nobody asked for it', () => {
    const log = [...LOG, grantedEvent(6, 'c4', 'dave', 'lib/**')]
    const refused = operation('dave', 70, 80, claim('lib/**'), { kind: 'refused' })
    expectOne(judge([...OPERATIONS, refused], log), /refused, and live to the end: grant c4/)
    expectOne(judge(OPERATIONS, log), /nobody asked for grant c4/)
  })

  it('is seen: a claim is confirmed after its end was told, or denied while it lives', () => {
    const late = operation('alice', 51, 55, { kind: 'verify', claim: 'c1' }, { kind: 'done' })
    expectOne(judge([...OPERATIONS, late], LOG), /confirmed after \[p1 alice release c1/)
    const denied = operation('bob', 61, 65, { kind: 'verify', claim: 'c3' }, { kind: 'refused' })
    expectOne(
      judge([...OPERATIONS, denied], LOG),
      /denied, and live to the end: \[p1 bob verify c3/,
    )
  })

  it('is seen: a call was granted in part', () => {
    const operations = OPERATIONS.with(
      2,
      operation('carol', 13, 30, claim('docs/x.md', 'y'), granted(3, 'c2')),
    )
    expectOne(judge(operations, LOG), /granted in part: \[p1 carol/)
  })

  it('is seen: a claim ends twice, or is granted twice', () => {
    expectOne(
      judge(OPERATIONS, [...LOG, endedEvent(6, 'c1', 'ttl')]),
      /no such claim was live: end of c1/,
    )
    const twice = [...LOG, grantedEvent(6, 'c3', 'bob', 'src/a.ts')]
    assert.match(judge(OPERATIONS, twice).join('\n'), /granted twice: grant c3/)
  })
})

describe('logs of several daemons', () => {
  it('agree when one is behind the other', () => {
    assert.deepEqual(mergeLogs({ a: LOG, b: LOG.slice(0, 2), c: LOG.slice(1) }).violations, [])
    assert.equal(mergeLogs({ b: LOG.slice(0, 2), c: LOG.slice(1) }).facts.length, LOG.length)
  })

  it('disagree about a record, leave one out, or go backwards', () => {
    const other = LOG.with(1, grantedEvent(3, 'c9', 'erin', 'docs/x.md'))
    expectOne(
      mergeLogs({ a: LOG, b: other }).violations,
      /index 3 is grant c2 .* to a and grant c9 .* to b/,
    )
    const gap = LOG.filter(({ index }) => index !== 3)
    expectOne(mergeLogs({ a: LOG, b: gap }).violations, /b never tells grant c2 .*, which a tells/)
    expectOne(
      mergeLogs({ a: [...LOG.slice(1), ...LOG.slice(0, 1)] }).violations,
      /a tells grant c1 .* after grant c3/,
    )
  })
})

function judge(operations: readonly Operation[], log: readonly AuditEventInput[]): string[] {
  return checkHistory({ operations, ledger: mergeLogs({ a: log }) })
}

function expectOne(found: readonly string[], pattern: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'))
  assert.match(found[0] ?? '', pattern)
}

function operation(
  session: string,
  callMs: number,
  returnMs: number | null,
  action: Action,
  outcome: Outcome,
): Operation {
  return { process: 'p1', session, callMs, returnMs, action, outcome }
}

function claim(...scopes: string[]): Action {
  return { kind: 'claim', scopes }
}

function granted(fence: number, ...claims: string[]): Outcome {
  return { kind: 'granted', fence, claims }
}

function grantedEvent(
  index: number,
  claim: string,
  session: string,
  pattern: string,
  mode = 'exclusive',
  fence = index,
): AuditEventInput {
  return event('claim.granted', index, { claim, session, pattern, mode, fence })
}

function endedEvent(index: number, claim: string, reason: string): AuditEventInput {
  return event('claim.released', index, { claim, reason })
}

function event(
  kind: 'claim.granted' | 'claim.released',
  index: number,
  data: Readonly<Record<string, unknown>>,
): AuditEventInput {
  const id = `evt_${String(index)}`
  const repo = 'test/shop' as RepoId
  const facts = { claim_kind: 'file', symbols: [], ...data }
  return { id, repo, kind, at: '', term: 1, index, actor: 'x', machine: 'm', data: facts }
}
