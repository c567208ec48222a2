// The judge against a world written out: every claim is a set of cells (file, symbol), and what is granted, to whom, beside
// whom is asked of sets. Shares no code with the judge: patterns are tables, symbols lists.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { LedgerClaim, Scope } from '../../../protocol/index.ts'
import type { Part } from '../../../daemon/core/claims/command.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

/** Each pattern with the files of the world that it covers. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'src/a.ts': ['src/a.ts'],
  'src/b.ts': ['src/b.ts'],
  'src/*.ts': ['src/a.ts', 'src/b.ts', 'src/z.ts'],
  'src/**': ['src/a.ts', 'src/b.ts', 'src/z.ts', 'src/c/d.ts', 'src/c/e.md'],
  '**/*.ts': ['src/a.ts', 'src/b.ts', 'src/z.ts', 'src/c/d.ts', 'lib/x.ts'],
  'src/c': ['src/c/d.ts', 'src/c/e.md'],
  lib: ['lib/x.ts', 'lib/y.md'],
}
/** Each symbol with the smallest parts that it holds; a file has all of them and `rest`. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  A: ['A', 'A::x', 'A::x::i', 'A::y'],
  'A::x': ['A::x', 'A::x::i'],
  'A::x::i': ['A::x::i'],
  'A::y': ['A::y'],
  AB: ['AB'],
  B: ['B'],
}
const ALL = [...new Set(Object.values(PARTS).flat()), 'rest']

type Cells = ReadonlySet<string>

function cellsOf({ pattern, symbols, kind }: Pick<Scope, 'pattern' | 'symbols' | 'kind'>): Cells {
  const files = FILES[pattern] ?? []
  const parts = kind === 'symbol' ? symbols.flatMap((symbol) => PARTS[symbol] ?? []) : ALL
  return new Set(files.flatMap((name) => parts.map((part) => `${name} ${part}`)))
}

function filesOf({ pattern }: Pick<Scope, 'pattern'>): ReadonlySet<string> {
  return new Set(FILES[pattern])
}

function meet(a: Cells, b: Cells): boolean {
  return [...a].some((cell) => b.has(cell))
}

function isShared(a: Pick<Scope, 'mode'>, b: Pick<Scope, 'mode'>): boolean {
  return a.mode === 'shared' && b.mode === 'shared'
}

/** The table in words of sets: null when both stand, with who gives way. */
function truth(held: LedgerClaim, asked: Scope): 'apart' | 'beside' | 'narrows' | 'conflict' {
  if (isShared(held, asked) || !meet(filesOf(held), filesOf(asked))) return 'apart'
  if (!meet(cellsOf(held), cellsOf(asked))) return 'beside'
  const gives = held.kind === 'file' && held.mode === 'exclusive' && held.narrowable
  return asked.kind === 'symbol' && gives ? 'narrows' : 'conflict'
}

type Step =
  | {
      readonly kind: 'claim'
      readonly who: number
      readonly scopes: readonly Scope[]
      readonly narrowable: boolean
    }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'narrow'; readonly which: number; readonly parts: readonly Scope[] }

const SESSIONS = ['alice', 'bob', 'carol', 'dora']

const scope: fc.Arbitrary<Scope> = fc
  .record({
    pattern: fc.constantFrom(...Object.keys(FILES)),
    kind: fc.constantFrom<Scope['kind']>('file', 'symbol', 'symbol', 'symbol', 'module'),
    symbols: fc.uniqueArray(fc.constantFrom(...Object.keys(PARTS)), { minLength: 1, maxLength: 2 }),
    mode: fc.constantFrom<Scope['mode']>('exclusive', 'exclusive', 'exclusive', 'shared'),
  })
  .map((drawn) => ({ ...drawn, symbols: drawn.kind === 'symbol' ? drawn.symbols : [] }))

const some = fc.uniqueArray(scope, {
  minLength: 1,
  maxLength: 2,
  selector: ({ kind, pattern, mode }) => `${kind} ${pattern} ${mode}`,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      who: fc.nat(SESSIONS.length - 1),
      scopes: some,
      narrowable: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(50) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('narrow' as const),
      which: fc.nat(50),
      parts: fc.uniqueArray(scope, {
        minLength: 1,
        maxLength: 2,
        selector: ({ pattern }) => pattern,
      }),
    }),
  },
)

function claimsIn(ledger: QueueLedger): LedgerClaim[] {
  return [...ledger.engine.committed.state.claims.values()]
}

function play(ledger: QueueLedger, step: Step): void {
  const before = claimsIn(ledger)
  if (step.kind === 'claim') {
    claim(ledger, step, before)
    return
  }
  const chosen = before[step.which % Math.max(1, before.length)]
  if (chosen === undefined) return
  if (step.kind === 'release') ledger.release(chosen.session, chosen.id)
  else narrow(ledger, chosen, step)
}

function claim(
  ledger: QueueLedger,
  { who, scopes, narrowable }: Extract<Step, { kind: 'claim' }>,
  before: readonly LedgerClaim[],
): void {
  const session = SESSIONS[who] ?? ''
  const others = before.filter((held) => held.session !== session)
  const verdicts = scopes.flatMap((asked) => others.map((held) => truth(held, asked)))
  const outcome = ledger.claimScopes(session, scopes, { narrowable })
  if (outcome.kind === 'renewed') return
  assert.equal(outcome.kind, verdicts.includes('conflict') ? 'refused' : 'granted')
  if (outcome.kind !== 'granted') return
  outcome.claims.forEach(({ claim: made }, at) => {
    const asked = scopes[at]
    assert.ok(asked !== undefined)
    const beside = others.filter((held) => truth(held, asked) !== 'apart').map(({ id }) => id)
    assert.deepEqual(new Set(made.coexistsWith), new Set(beside))
  })
}

/** Every pattern that lies in the held one by the files of the world, whole or with a symbol of its own. */
function partsOf(held: LedgerClaim): Part[] {
  const whole = cellsOf(held)
  const inside = ({ pattern, symbols }: Part): boolean =>
    [
      ...cellsOf(symbols === null ? { ...held, pattern } : { kind: 'symbol', pattern, symbols }),
    ].every((cell) => whole.has(cell))
  return Object.keys(FILES)
    .flatMap((pattern): Part[] => [
      { pattern, symbols: null },
      ...Object.keys(PARTS).map((symbol) => ({ pattern, symbols: [symbol] })),
    ])
    .filter(inside)
}

function narrow(
  ledger: QueueLedger,
  held: LedgerClaim,
  { parts: drawn, which }: Extract<Step, { kind: 'narrow' }>,
): void {
  const inner = partsOf(held)
  const chosen = [inner[which % inner.length], inner[(which * 7) % inner.length]]
  const random = drawn.map(({ kind, pattern, symbols }) => ({
    pattern,
    symbols: kind === 'symbol' ? symbols : null,
  }))
  const parts = which % 4 === 0 ? random : chosen.filter((part) => part !== undefined)
  const whole = cellsOf(held)
  const kept = parts.map(({ pattern, symbols }) =>
    cellsOf(symbols === null ? { ...held, pattern } : { kind: 'symbol', pattern, symbols }),
  )
  const isInside = kept.every((cells) => [...cells].every((cell) => whole.has(cell)))
  const outcome = ledger.run({
    kind: 'narrow',
    party: party(held.session),
    id: held.id,
    parts,
  })
  // A pattern may be refused that lies inside by these few files only, never taken that does not.
  if (!isInside) assert.equal(outcome.kind, 'failed')
}

/** What has to hold of any two claims, however they came to stand beside each other. */
function inspect(claims: readonly LedgerClaim[]): void {
  const byId = new Map(claims.map((claim) => [claim.id, claim]))
  for (const a of claims) {
    assert.equal(new Set(a.coexistsWith).size, a.coexistsWith.length)
    for (const id of a.narrowedBy) assert.ok(a.coexistsWith.includes(id))
    for (const id of a.coexistsWith) {
      const partner = byId.get(id)
      assert.ok(partner !== undefined, `${id} lives`)
      assert.ok(partner.coexistsWith.includes(a.id), `${id} knows ${a.id} too`)
      assert.ok(meet(filesOf(a), filesOf(partner)), `${id} and ${a.id} have no file in common`)
    }
    for (const b of claims) {
      if (a.id >= b.id || a.session === b.session || isShared(a, b)) continue
      if (!meet(filesOf(a), filesOf(b))) continue
      assert.ok(a.coexistsWith.includes(b.id), `${a.id} and ${b.id} know each other`)
      const gave = [a.narrowedBy.includes(b.id), b.narrowedBy.includes(a.id)]
      const expected = meet(cellsOf(a), cellsOf(b)) ? 1 : 0
      assert.equal(gave.filter(Boolean).length, expected, 'one gave the other what both name')
    }
  }
}

describe('the judge and the truth', () => {
  it('agree on every grant and refusal, and no part of a file has two holders', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const ledger = new QueueLedger()
        for (const each of steps) {
          play(ledger, each)
          inspect(claimsIn(ledger))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('are the same after a restart, and after a log written anew', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const ledger = new QueueLedger()
        for (const each of steps) play(ledger, each)
        const before = claimsIn(ledger)
        ledger.restart()
        assert.deepEqual(claimsIn(ledger), before)
        ledger.restartRewriting()
        assert.deepEqual(claimsIn(ledger), before)
      }),
      { numRuns: 60 },
    )
  })
})
