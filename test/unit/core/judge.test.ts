// Claims on symbols as the ledger decides them: the table of the judge row by row, the holes that such tables have had, what
// ends and narrowings leave behind, and the judge against sets of (file, symbol) written out.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LedgerClaim, Scope } from '../../../protocol/index.ts'
import type { Outcome } from '../../../daemon/core/claims/command.ts'
import { party, QueueLedger, type Ask } from '../queue/ledger.ts'

const FILE = 'src/router.ts'

const file = (pattern: string, mode: Scope['mode'] = 'exclusive'): Scope => {
  return { kind: 'file', pattern, symbols: [], mode }
}
const symbols = (pattern: string, ...names: string[]): Scope => {
  return { kind: 'symbol', pattern, symbols: names, mode: 'exclusive' }
}
const module = (pattern: string): Scope => ({ ...file(pattern), kind: 'module' })

function liveIn(ledger: QueueLedger, id: string): LedgerClaim {
  const claim = [...ledger.engine.committed.state.claims.values()].find((each) => each.id === id)
  assert.ok(claim !== undefined, `${id} lives`)
  return claim
}

function grantedIn(outcome: Outcome): LedgerClaim[] {
  assert.ok(outcome.kind === 'granted', outcome.kind)
  return outcome.claims.map(({ claim }) => claim)
}

function hold(ledger: QueueLedger, session: string, scope: Scope, ask: Ask = {}): LedgerClaim {
  const [claim] = grantedIn(ledger.claimScopes(session, [scope], ask))
  assert.ok(claim !== undefined)
  return claim
}

/** Whom a claim that has to be refused meets, with the symbols in question. */
function refusal(
  ledger: QueueLedger,
  session: string,
  scope: Scope,
): [string, readonly string[]][] {
  const outcome = ledger.claimScopes(session, [scope])
  assert.ok(outcome.kind === 'refused', outcome.kind)
  return outcome.conflicts.map(({ claim, symbols: met }) => [claim.id, met])
}

type Row = readonly [
  held: Scope,
  asked: Scope,
  outcome: 'grant' | 'coexist' | 'narrow' | 'conflict',
  ask?: Ask,
]

const ROWS: readonly Row[] = [
  [file(FILE), file('src/other.ts'), 'grant'],
  [file(FILE), symbols('src/other.ts', 'A'), 'grant'],
  [symbols('src/other.ts', 'A'), symbols(FILE, 'A'), 'grant'],
  [file(FILE), file(FILE), 'conflict'],
  [file('src/**'), file(FILE), 'conflict'],
  [symbols(FILE, 'Router::handleA'), symbols(FILE, 'Router::handleA'), 'conflict'],
  [symbols(FILE, 'Router::handleA'), symbols(FILE, 'Router'), 'conflict'],
  [symbols(FILE, 'Outer::Inner'), symbols(FILE, 'Outer::Inner::m'), 'conflict'],
  [symbols(FILE, 'Router'), symbols('src/*.ts', 'Router'), 'conflict'],
  [symbols(FILE, 'Router'), symbols('./src/router.ts', 'Router'), 'conflict'],
  [symbols(FILE, 'Router'), symbols('SRC/ROUTER.TS', 'Router'), 'conflict'],
  [symbols(FILE, 'Router::handleA'), symbols(FILE, 'Router::handleB'), 'coexist'],
  [symbols(FILE, 'Outer::Inner'), symbols(FILE, 'Outer::Other::m'), 'coexist'],
  [symbols(FILE, 'Router'), symbols(FILE, 'RouterX'), 'coexist'],
  [symbols(FILE, 'router'), symbols(FILE, 'Router'), 'coexist'],
  [symbols('src/**', 'A'), symbols('**/*.ts', 'B'), 'coexist'],
  [file(FILE), symbols(FILE, 'A'), 'narrow'],
  [file('src/**'), symbols(FILE, 'A', 'B'), 'narrow'],
  [file(FILE), symbols(FILE, 'A'), 'conflict', { narrowable: false }],
  [file(FILE, 'shared'), symbols(FILE, 'A'), 'conflict'],
  [module('src'), symbols(FILE, 'A'), 'conflict'],
  [symbols(FILE, 'A'), file(FILE), 'conflict'],
  [symbols(FILE, 'A'), file('**/*.ts'), 'conflict'],
  [symbols(FILE, 'A'), module('src'), 'conflict'],
  [file(FILE, 'shared'), { ...symbols(FILE, 'A'), mode: 'shared' }, 'grant'],
  [{ ...symbols(FILE, 'A'), mode: 'shared' }, { ...symbols(FILE, 'A'), mode: 'shared' }, 'grant'],
]

function nameOf({ kind, pattern, symbols: names, mode }: Scope): string {
  return [mode === 'shared' ? 'shared' : '', kind, pattern, ...names].filter(Boolean).join(' ')
}

describe('the judge', () => {
  for (const [held, asked, expected, ask] of ROWS) {
    const how = ask === undefined ? '' : ' that is not narrowable'
    it(`${expected}s ${nameOf(asked)} beside ${nameOf(held)}${how}`, () => {
      const ledger = new QueueLedger()
      const holder = hold(ledger, 'alice', held, ask)
      if (expected === 'conflict') {
        assert.deepEqual(
          refusal(ledger, 'bob', asked).map(([id]) => id),
          [holder.id],
        )
        assert.deepEqual(liveIn(ledger, holder.id), holder)
        return
      }
      const claim = hold(ledger, 'bob', asked)
      const before = liveIn(ledger, holder.id)
      const isPartner = expected !== 'grant'
      assert.deepEqual(before.coexistsWith, isPartner ? [claim.id] : [])
      assert.deepEqual(claim.coexistsWith, isPartner ? [holder.id] : [])
      assert.deepEqual(before.narrowedBy, expected === 'narrow' ? [claim.id] : [])
      assert.deepEqual(claim.narrowedBy, [])
      assert.deepEqual([before.pattern, before.fence], [holder.pattern, holder.fence])
    })
  }

  it('names the symbols in question', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', symbols(FILE, 'A::x', 'B'))
    assert.deepEqual(refusal(ledger, 'bob', symbols(FILE, 'C', 'A', 'B::y')), [
      [held.id, ['A', 'B::y']],
    ])
  })

  it('opens nothing of a narrowed claim beyond the named symbols', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file('src/**'))
    const part = hold(ledger, 'bob', symbols('src/a.ts', 'A'))
    for (const scope of [file('src/b.ts'), file('src/a.ts'), file('src/**')])
      assert.deepEqual(refusal(ledger, 'bob', scope), [[held.id, []]])
    // A third one meets both, each by the table.
    assert.deepEqual(refusal(ledger, 'carol', symbols('src/a.ts', 'A')), [[part.id, ['A']]])
    const third = hold(ledger, 'carol', symbols('src/a.ts', 'B'))
    assert.deepEqual(liveIn(ledger, held.id).narrowedBy, [part.id, third.id])
    assert.deepEqual(liveIn(ledger, part.id).coexistsWith, [held.id, third.id])
    assert.deepEqual(liveIn(ledger, part.id).narrowedBy, [])
  })

  it('keeps coexistence between the two: partners of a partner are judged like strangers', () => {
    const ledger = new QueueLedger()
    hold(ledger, 'alice', symbols(FILE, 'A'))
    hold(ledger, 'bob', symbols(FILE, 'B'))
    const carols = hold(ledger, 'carol', file('src/other.ts'), { narrowable: false })
    assert.deepEqual(refusal(ledger, 'bob', symbols('src/*.ts', 'C')), [[carols.id, ['C']]])
  })

  it('lets partners go on: each may renew, and take more that is free', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file(FILE))
    const part = hold(ledger, 'bob', symbols(FILE, 'A'))
    assert.equal(ledger.claimScopes('alice', [file(FILE)]).kind, 'renewed')
    assert.equal(ledger.claimScopes('bob', [symbols(FILE, 'A')]).kind, 'renewed')
    const more = hold(ledger, 'bob', symbols(FILE, 'B'))
    assert.deepEqual(liveIn(ledger, held.id).narrowedBy, [part.id, more.id])
    // What was granted out of the whole is its holder's again only when it has been given back.
    assert.deepEqual(refusal(ledger, 'alice', symbols(FILE, 'A::x')), [[part.id, ['A::x']]])
    ledger.release('bob', part.id)
    assert.deepEqual(liveIn(ledger, held.id).narrowedBy, [more.id])
    assert.equal(liveIn(ledger, held.id).coexistsWith.length, 1)
  })

  it('grants several scopes of a call all or none, each with its own partners', () => {
    const ledger = new QueueLedger()
    const whole = hold(ledger, 'alice', file('a.ts'))
    const part = hold(ledger, 'alice', symbols('b.ts', 'A'))
    const wanted = [symbols('a.ts', 'X'), symbols('b.ts', 'A::y'), file('c.ts')]
    assert.equal(ledger.claimScopes('bob', wanted).kind, 'refused')
    assert.deepEqual(liveIn(ledger, whole.id).narrowedBy, [])
    const claims = grantedIn(
      ledger.claimScopes('bob', [symbols('a.ts', 'X'), symbols('b.ts', 'B'), file('c.ts')]),
    )
    assert.deepEqual(
      claims.map(({ coexistsWith }) => coexistsWith),
      [[whole.id], [part.id], []],
    )
    assert.deepEqual(liveIn(ledger, whole.id).narrowedBy, [claims[0]?.id])
    assert.deepEqual(liveIn(ledger, part.id).narrowedBy, [])
  })

  it('links a bounded number of claims, and the next one when a partner has ended', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file('src/**'))
    const parts = Array.from({ length: 500 }, (_, at) =>
      hold(ledger, 'bob', symbols(`src/f${String(at)}.ts`, 'A')),
    )
    // The holder has as many as it may have; whoever takes a part of all files would have more.
    assert.deepEqual(refusal(ledger, 'carol', symbols('src/g.ts', 'A')), [[held.id, ['A']]])
    assert.equal(
      ledger.claimScopes('carol', [symbols('src/g.ts', 'A')], { wait: 600 }).kind,
      'queued',
    )
    ledger.release('bob', parts[7]?.id ?? '')
    assert.deepEqual(ledger.waiters(), [])
    hold(ledger, 'bob', symbols('lib/a.ts', 'A'))
    hold(ledger, 'bob', symbols('lib/b.ts', 'A'))
    ledger.release('alice', held.id)
    const wide = ledger.claimScopes('dora', [symbols('**/*.ts', 'B')])
    assert.ok(wide.kind === 'failed', wide.kind)
    assert.equal(wide.failure.code, 'INPUT_TOO_WIDE')
  })

  it('makes no partner of a claim that has ended and is only kept free', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file(FILE))
    const target = { by: 'ids', ids: [held.id] } as const
    ledger.run({ kind: 'release', party: party('eva'), target, force: 'it crashed' })
    const claim = hold(ledger, 'bob', symbols(FILE, 'A'))
    assert.deepEqual(claim.coexistsWith, [])
    assert.equal(ledger.claimScopes('carol', [file(FILE)]).kind, 'refused')
  })

  it('tells a refusal under a key again with the symbols in question', () => {
    const ledger = new QueueLedger()
    hold(ledger, 'alice', symbols(FILE, 'A'))
    const ask = (): Outcome => ledger.claimScopes('bob', [symbols(FILE, 'A::x', 'B')], { key: 'k' })
    const first = ask()
    assert.ok(first.kind === 'refused')
    assert.deepEqual(first.conflicts[0]?.symbols, ['A::x'])
    assert.deepEqual(ask(), first)
  })
})

describe('a wait for symbols', () => {
  it('is over when the symbols are free, whatever else of the file is held', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', symbols(FILE, 'A'))
    const other = hold(ledger, 'carol', symbols(FILE, 'B'))
    assert.equal(ledger.claimScopes('bob', [symbols(FILE, 'A::x')], { wait: 600 }).kind, 'queued')
    ledger.release('carol', other.id)
    assert.deepEqual(ledger.waiters(), ['bob'])
    ledger.release('alice', held.id)
    assert.deepEqual(ledger.waiters(), [])
    assert.deepEqual(ledger.holders(), ['bob'])
  })

  it('does not hold up those who want other symbols, and stands behind an older one for the file', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', symbols(FILE, 'A'))
    const wait = { wait: 600 }
    assert.equal(ledger.claimScopes('bob', [symbols(FILE, 'A')], wait).kind, 'queued')
    hold(ledger, 'carol', symbols(FILE, 'B'))
    assert.equal(ledger.claimScopes('dora', [file(FILE)], wait).kind, 'queued')
    // Granted now, it would keep the file from dora.
    const late = ledger.claimScopes('eva', [symbols(FILE, 'C')])
    assert.ok(late.kind === 'refused' && late.conflicts.length === 0)
    assert.deepEqual(
      late.ahead.map(({ party: { session } }) => session),
      ['dora'],
    )
    ledger.release('alice', held.id)
    assert.deepEqual(ledger.waiters(), ['dora'])
    assert.deepEqual(ledger.holders().sort(), ['bob', 'carol'])
  })

  it('ends when the holder narrows to other symbols', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', symbols(FILE, 'A', 'B'))
    ledger.claimScopes('bob', [symbols(FILE, 'A')], { wait: 600 })
    const parts = [{ pattern: FILE, symbols: ['B::x'] }]
    ledger.run({ kind: 'narrow', party: party('alice'), id: held.id, parts })
    assert.deepEqual(ledger.waiters(), [])
    const claim = liveIn(ledger, held.id)
    assert.deepEqual([claim.symbols, claim.fence], [['B::x'], held.fence])
    assert.equal(claim.coexistsWith.length, 1)
  })

  it('that would close a circle is refused', () => {
    const ledger = new QueueLedger()
    hold(ledger, 'alice', symbols(FILE, 'A'))
    hold(ledger, 'bob', symbols(FILE, 'B'))
    assert.equal(ledger.claimScopes('alice', [symbols(FILE, 'B')], { wait: 600 }).kind, 'queued')
    const outcome = ledger.claimScopes('bob', [symbols(FILE, 'A')], { wait: 600 })
    assert.ok(outcome.kind === 'refused')
    assert.equal(outcome.circle.length, 2)
  })
})

describe('narrowing', () => {
  const narrow = (ledger: QueueLedger, id: LedgerClaim['id'], ...parts: [string, string[]?][]) =>
    ledger.run({
      kind: 'narrow',
      party: party('alice'),
      id,
      parts: parts.map(([pattern, names]) => ({ pattern, symbols: names ?? null })),
    })

  it('of a file to symbols of it gives up the rest', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file('src/**'))
    assert.equal(narrow(ledger, held.id, ['src/a.ts', ['A']], ['src/b.ts']).kind, 'narrowed')
    const claim = liveIn(ledger, held.id)
    assert.deepEqual([claim.kind, claim.pattern, claim.symbols], ['symbol', 'src/a.ts', ['A']])
    assert.equal(claim.narrowable, false)
    hold(ledger, 'bob', symbols('src/a.ts', 'B'))
    assert.equal(ledger.claimScopes('bob', [symbols('src/a.ts', 'A::x')]).kind, 'refused')
    hold(ledger, 'bob', file('src/c.ts'))
    assert.equal(ledger.claimScopes('bob', [file('src/b.ts')]).kind, 'refused')
  })

  it('refuses what reaches outside', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', symbols('src/*.ts', 'A::b', 'C'))
    const wrong: [string, string[]?][] = [
      ['src/a.ts', ['A']],
      ['src/a.ts', ['C::d', 'D']],
      ['lib/a.ts', ['C']],
      ['lib/a.ts'],
    ]
    for (const part of wrong) {
      const outcome = narrow(ledger, held.id, part)
      assert.ok(outcome.kind === 'failed', outcome.kind)
      assert.equal(outcome.failure.code, 'CLAIM_NOT_NARROWER')
    }
    assert.equal(narrow(ledger, held.id, ['src/a.ts', ['C::d']], ['src/b.ts']).kind, 'narrowed')
    const parts = [...ledger.engine.committed.state.claims.values()]
    assert.deepEqual(
      parts.map((claim) => [claim.pattern, claim.symbols]),
      [
        ['src/a.ts', ['C::d']],
        ['src/b.ts', ['A::b', 'C']],
      ],
    )
  })

  it('leaves each part the partners that it meets', () => {
    const ledger = new QueueLedger()
    const held = hold(ledger, 'alice', file('src/**'))
    const a = hold(ledger, 'bob', symbols('src/a.ts', 'A'))
    const b = hold(ledger, 'carol', symbols('src/b.ts', 'B'))
    narrow(ledger, held.id, ['src/a.ts'], ['src/b.ts'], ['src/c.ts'])
    const [first, second, third] = [...ledger.engine.committed.state.claims.values()].filter(
      ({ session }) => session === 'alice',
    )
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    assert.deepEqual([first.narrowedBy, first.coexistsWith], [[a.id], [a.id]])
    assert.deepEqual([second.narrowedBy, second.coexistsWith], [[b.id], [b.id]])
    assert.deepEqual([third.narrowedBy, third.coexistsWith], [[], []])
    assert.deepEqual(liveIn(ledger, a.id).coexistsWith, [first.id])
    assert.deepEqual(liveIn(ledger, b.id).coexistsWith, [second.id])
    ledger.release('carol', b.id)
    assert.deepEqual(liveIn(ledger, second.id).narrowedBy, [])
  })
})
