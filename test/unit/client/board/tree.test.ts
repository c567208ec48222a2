import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  claimFields,
  claimList,
  claimTree,
  type TreeRow,
} from '../../../../daemon/client/board/tree.ts'
import { aClaim } from '../../../helpers/board-claims.ts'

/** A row as a line: its depth as dots, `+` for a closed folder. */
function line(row: TreeRow): string {
  const sign = row.kind === 'folder' ? `${row.isOpen ? '' : '+'}/${String(row.claims)}` : ''
  return `${'.'.repeat(row.depth)}${row.label}${sign}`
}

describe('claimTree', () => {
  it('puts claims under their folders, folders first, chains of folders in one row', () => {
    const rows = claimTree([
      aClaim({ pattern: 'src/z.ts' }),
      aClaim({ pattern: 'src/auth/**' }),
      aClaim({ pattern: 'src/auth/login.ts', kind: 'symbol', symbols: ['A::b', 'C'] }),
      aClaim({ pattern: 'docs/how-to/deep/page.md' }),
      aClaim({ pattern: 'README.md' }),
      aClaim({ pattern: '**/*.sql' }),
      aClaim({ pattern: 'port-5432', kind: 'resource' }),
    ])
    assert.deepEqual(rows.map(line), [
      'docs/how-to/deep/1',
      '.page.md',
      'resources:/1',
      '.port-5432',
      'src/3',
      '.auth/2',
      '..**',
      '..login.ts A::b, C',
      '.z.ts',
      '**/*.sql',
      'README.md',
    ])
  })

  it('tells of a closed folder what is in it, and leaves the rest as it is', () => {
    const claims = [
      aClaim({ pattern: 'src/a.ts', state: 'provisional' }),
      aClaim({ pattern: 'src/lib/b.ts' }),
      aClaim({ pattern: 'test/a.ts' }),
    ]
    const rows = claimTree(claims, new Set(['dir:src']))
    assert.deepEqual(rows.map(line), ['src+/2', 'test/1', '.a.ts'])
    assert.deepEqual(rows[0]?.kind === 'folder' && rows[0].states, ['provisional'])
  })

  it('keeps the id of a folder when another one comes beside it', () => {
    const [one] = claimTree([aClaim({ pattern: 'src/auth/a.ts' })])
    const two = claimTree([aClaim({ pattern: 'src/auth/a.ts' }), aClaim({ pattern: 'src/x/b.ts' })])
    assert.equal(one?.id, 'dir:src/auth')
    assert.ok(two.some(({ id }) => id === 'dir:src/auth'))
  })

  it('has nothing for nothing', () => {
    assert.deepEqual(claimTree([]), [])
  })
})

describe('claimList', () => {
  const soon = aClaim({ pattern: 'b', expires_at: '2026-01-01T11:00:00.000Z', agent: 'zoe' })
  const late = aClaim({ pattern: 'a', expires_at: '2026-01-01T12:00:00.000Z', agent: 'ann' })
  const lost = aClaim({ pattern: 'c', state: 'expired', granted_at: '2026-01-01T09:00:00.000Z' })
  const all = [late, soon, lost]

  for (const [order, expected] of [
    ['path', 'a b c'],
    ['left', 'b a c'],
    ['age', 'c a b'],
    ['holder', 'a c b'],
    ['state', 'c a b'],
  ] as const)
    it(`orders by ${order}`, () => {
      const labels = claimList(all, order).map(({ label }) => label)
      assert.equal(labels.join(' '), expected)
    })
})

describe('claimFields', () => {
  it('names what a claim can be looked for by', () => {
    const fields = claimFields(aClaim({ pattern: 'src/a.ts', branch: null, symbols: ['A', 'b'] }))
    assert.equal(fields['path'], 'src/a.ts')
    assert.equal(fields['branch'], '')
    assert.equal(fields['symbol'], 'A b')
  })
})
