// What stands over a changed file, row by row: whose claims cover it, and does one of another party keep it out?
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClaimId, Scope } from '../../../protocol/index.ts'
import { coverOf, type Changed, type Cover } from '../../../daemon/core/claims/cover.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

const FILE = 'src/router.ts'

const file = (pattern: string, mode: Scope['mode'] = 'exclusive'): Scope => {
  return { kind: 'file', pattern, symbols: [], mode }
}
const symbols = (...names: string[]): Scope => {
  return { kind: 'symbol', pattern: FILE, symbols: names, mode: 'exclusive' }
}
const touched = (...names: string[]): Changed['touched'] => ({ symbols: names, isOutside: false })
const outside: Changed['touched'] = { symbols: [], isOutside: true }

interface Row {
  readonly why: string
  readonly theirs?: Scope
  readonly mine?: Scope
  readonly path?: string
  readonly touched?: Changed['touched']
  readonly is: Cover['kind']
}

const ROWS: readonly Row[] = [
  { why: 'nobody holds it', is: 'free' },
  { why: 'it is mine', mine: file('src/**'), is: 'own' },
  { why: 'another spells it otherwise', theirs: file('{src,lib}/*.ts'), is: 'other' },
  { why: 'case does not tell them apart', theirs: file('SRC/**'), is: 'other' },
  { why: 'a name with signs is no glob', theirs: file('src/a.ts'), path: 'src/[a].ts', is: 'free' },
  { why: 'a file under a claimed folder', theirs: file('docs/'), path: 'docs/a/b.md', is: 'other' },
  {
    why: 'a longer name than a pattern may be',
    theirs: file('x/**'),
    path: `x/${'y'.repeat(2_000)}`,
    is: 'other',
  },
  { why: 'shared by another', theirs: file(FILE, 'shared'), is: 'free' },
  { why: 'shared by both', theirs: file(FILE, 'shared'), mine: file(FILE, 'shared'), is: 'own' },
  { why: 'nobody said what changed', theirs: symbols('A'), is: 'by-symbols' },
  { why: 'it cannot be told what changed', theirs: symbols('A'), touched: 'unknown', is: 'other' },
  { why: "another's declaration", theirs: symbols('A'), touched: touched('A'), is: 'other' },
  { why: "inside another's", theirs: symbols('A'), touched: touched('A::b'), is: 'other' },
  { why: "beside another's method", theirs: symbols('A::b'), touched: touched('A'), is: 'free' },
  { why: 'another declaration', theirs: symbols('A'), touched: touched('B'), is: 'free' },
  { why: 'lines of no declaration', theirs: symbols('A'), touched: outside, is: 'free' },
  {
    why: 'mine beside theirs',
    theirs: symbols('A'),
    mine: symbols('B'),
    touched: touched('B'),
    is: 'own',
  },
  { why: 'neither', theirs: symbols('A'), mine: symbols('B'), touched: touched('C'), is: 'free' },
  {
    why: 'mine out of theirs',
    theirs: file(FILE),
    mine: symbols('B'),
    touched: touched('B::c'),
    is: 'own',
  },
  {
    why: 'more than mine out of theirs',
    theirs: file(FILE),
    mine: symbols('B'),
    touched: touched('B', 'C'),
    is: 'other',
  },
  {
    why: 'no declaration, out of theirs',
    theirs: file(FILE),
    mine: symbols('B'),
    touched: outside,
    is: 'other',
  },
  { why: 'mine out of theirs, unsaid', theirs: file(FILE), mine: symbols('B'), is: 'by-symbols' },
  {
    why: 'theirs out of mine',
    mine: file(FILE),
    theirs: symbols('A'),
    touched: touched('B'),
    is: 'own',
  },
  {
    why: 'theirs out of mine, touched',
    mine: file(FILE),
    theirs: symbols('A'),
    touched: touched('A'),
    is: 'other',
  },
]

describe('what covers a changed file', () => {
  for (const row of ROWS) {
    it(`is ${row.is}: ${row.why}`, () => {
      const ledger = new QueueLedger()
      // A whole file is held before somebody gets a part of it.
      const held = [
        ['theirs', row.theirs],
        ['mine', row.mine],
      ] as const
      const order = row.theirs?.kind === 'symbol' ? [...held].reverse() : held
      for (const [session, scope] of order) {
        if (scope === undefined) continue
        const outcome = ledger.claimScopes(session, [scope])
        assert.equal(outcome.kind, 'granted', session)
      }
      const changed = { path: row.path ?? FILE, touched: row.touched ?? null }
      const found = coverOf(ledger.engine.committed, party('mine'), changed, new Set())
      assert.equal(found.kind, row.is)
    })
  }

  it('does not count what its holder has given up', () => {
    const ledger = new QueueLedger()
    const outcome = ledger.claimScopes('mine', [file(FILE)])
    assert.ok(outcome.kind === 'granted')
    const givenUp = new Set<ClaimId>(outcome.claims.map(({ claim }) => claim.id))
    const changed = { path: FILE, touched: null }
    assert.equal(coverOf(ledger.engine.committed, party('mine'), changed, givenUp).kind, 'free')
  })
})
