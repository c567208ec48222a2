// Texts that a remote keeps, and what git says, read back.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseHunks } from '../../../daemon/git-edits.ts'
import { baseOf, rewrite } from '../../../daemon/fence/address.ts'
import { parseListing, parseStatuses } from '../../../daemon/fence/remote.ts'
import {
  compareFencePositions,
  fenceOfRef,
  ledgerText,
  parseLedger,
  parseToken,
  tokenText,
  type FencedScope,
} from '../../../daemon/fence/token.ts'
import { parseRaw } from '../../../daemon/push/changes.ts'
import { unquote } from '../../../daemon/push/helper.ts'
import { judgeByMemory, readTokens } from '../../../daemon/push/memory.ts'
import { findingsIn } from '../../../daemon/push/verify.ts'
import { globsOf } from '../../../protocol/index.ts'

const WHO = { agent: 'ann: of them', session: 's-1', machine: 'box' } as const
const FILES: FencedScope = {
  ...{ id: 'clm_A', pattern: '{src,lib}/**/*.ts', symbols: [] },
  kind: 'file',
  mode: 'exclusive',
  ...WHO,
}
const SYMBOL: FencedScope = {
  ...{ id: 'clm_B', pattern: 'src/a.ts', symbols: ['A::b', 'C'] },
  kind: 'symbol',
  mode: 'shared',
  ...WHO,
}

describe('a token', () => {
  it('is read back from its text, and its text is another each time', () => {
    const token = { fence: 4294967301, claims: [FILES, SYMBOL], pushes: 3 }
    const text = tokenText(token, false, 'n1')
    assert.deepEqual(parseToken(text), token)
    assert.notEqual(text, tokenText(token, false, 'n2'))
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('path: ')),
      [
        'path: :(top,glob,icase)src/**/*.ts',
        'path: :(top,glob,icase)lib/**/*.ts',
        'path: :(top,literal,icase)src/a.ts',
      ],
    )
    for (const bad of ['', 'fence: 0\nclaim: x\npattern: a', 'fence: 7', 'fence: 7\nclaim: x'])
      assert.equal(parseToken(bad), null)
  })

  it('has a ref that holds its fence and nothing else', () => {
    assert.equal(fenceOfRef('refs/skein/fence/t/4294967301'), 4294967301)
    for (const ref of [
      'refs/skein/fence/t/',
      'refs/skein/fence/t/07',
      'refs/skein/fence/t/7/x',
      'refs/heads/7',
    ])
      assert.equal(fenceOfRef(ref), null)
  })

  it('stands beside the position of the ledger, which has an order', () => {
    const position = { generation: 2, term: 3, index: 40 }
    assert.deepEqual(parseLedger(ledgerText({ position, ledger: 'ab' }, 'n')), {
      position,
      ledger: 'ab',
    })
    assert.equal(parseLedger('generation: x\nterm: 1\nindex: 1'), null)
    assert.ok(compareFencePositions(position, { generation: 3, term: 1, index: 1 }) < 0)
    assert.ok(compareFencePositions(position, { ...position, index: 39 }) > 0)
  })
})

describe('a pattern in words of others', () => {
  it('is a path or a glob for each alternative', () => {
    assert.deepEqual(globsOf('src/auth'), [{ kind: 'path', text: 'src/auth' }])
    assert.deepEqual(globsOf('src/{a,b*}/'), [
      { kind: 'glob', text: 'src/a/**' },
      { kind: 'glob', text: 'src/b*/**' },
    ])
    assert.deepEqual(globsOf('app/[id].tsx'), [
      { kind: 'glob', text: 'app/[id].tsx' },
      { kind: 'path', text: 'app/[id].tsx' },
    ])
    assert.deepEqual(globsOf('a\\*b/*'), [{ kind: 'glob', text: 'a\\*b/*' }])
  })
})

describe("git's answers", () => {
  it('are read: refs and tokens, statuses, raw changes of commits and merges, hunks', () => {
    const id = (sign: string): string => sign.repeat(40)
    const listing = parseListing(
      [
        `ref: refs/heads/main\tHEAD`,
        `${id('a')}\tHEAD`,
        `${id('a')}\trefs/heads/main`,
        `${id('b')}\trefs/skein/fence/ledger`,
        `${id('c')}\trefs/skein/fence/t/7`,
        `${id('d')}\trefs/skein/fence/probe/x`,
      ].join('\n'),
    )
    assert.equal(listing.head, 'refs/heads/main')
    assert.deepEqual([...listing.refs.keys()], ['HEAD', 'refs/heads/main'])
    assert.deepEqual([...listing.tokens], [[7, id('c')]])
    assert.equal(listing.ledger, id('b'))
    assert.deepEqual(
      parseStatuses(
        'To /x\n \trefs/heads/a:refs/heads/a\t1..2\n!\tb:refs/heads/b\t[rejected] (fetch first)\nDone\n',
      ),
      [
        { ref: 'refs/heads/a', isOk: true, why: '1..2' },
        { ref: 'refs/heads/b', isOk: false, why: 'fetch first' },
      ],
    )
    const none = '0'.repeat(40)
    const edits = parseRaw(
      [
        `:100644 100644 ${id('1')} ${id('2')} M\0a\tb.ts\0`,
        `:000000 100644 ${none} ${id('3')} A\0new.ts\0`,
        `::100644 100644 100644 ${id('4')} ${id('5')} ${id('6')} MM\0merged.ts\0`,
      ].join(''),
    )
    assert.deepEqual(Object.fromEntries(edits), {
      'a\tb.ts': [{ before: id('1'), after: id('2') }],
      'new.ts': [{ before: null, after: id('3') }],
      'merged.ts': [
        { before: id('5'), after: id('6') },
        { before: id('4'), after: id('6') },
      ],
    })
    assert.deepEqual(
      parseHunks('@@ -3 +3,2 @@ x\n-a\n+b\n@@ -10,0 +12 @@\n+c\n@@ -20,2 +20,0 @@\n'),
      {
        before: [
          { startLine: 3, endLine: 3 },
          { startLine: 11, endLine: 10 },
          { startLine: 20, endLine: 21 },
        ],
        after: [
          { startLine: 3, endLine: 4 },
          { startLine: 12, endLine: 12 },
          { startLine: 21, endLine: 20 },
        ],
      },
    )
    assert.equal(unquote('"a\\"b\\\\c\\303\\244\\n"'), 'a"b\\cä\n')
    assert.equal(unquote('plain'), 'plain')
  })
})

describe('an address', () => {
  it('is rewritten as git would without our setting: the longest match, and a pushurl by insteadOf only', () => {
    const settings = [
      { key: 'url.skein::https://h/o/r.pushinsteadof', value: 'https://h/o/r' },
      { key: 'url.git@h:.pushinsteadof', value: 'https://h/' },
      { key: 'url.https://mirror/.insteadof', value: 'https://h/' },
      { key: 'url.https://team/.insteadof', value: 'https://h/o/' },
    ]
    assert.equal(rewrite('https://h/o/r', settings, false), 'git@h:o/r')
    assert.equal(rewrite('https://h/o/r', settings, true), 'https://team/r')
    assert.equal(rewrite('https://x/o/r', settings, false), 'https://x/o/r')
  })

  it('is shown without its password', () => {
    assert.equal(baseOf('https://ann:secret@h/o/r'), 'skein::https://h/o/r')
    assert.equal(baseOf('https://secret@h/o/r'), 'skein::https://h/o/r')
    assert.equal(baseOf('ssh://ann:secret@h:22/o/r'), 'skein::ssh://ann@h:22/o/r')
    assert.equal(baseOf('https://h/o/r@x:y'), 'skein::https://h/o/r@x:y')
    assert.equal(baseOf('git@h:o/r'), 'skein::git@h:o/r')
  })
})

describe('reading the tokens of a remote', () => {
  const listingOf = (id: string) => ({
    ...{ refs: new Map<string, string>(), head: null, ledger: null },
    tokens: new Map([[7, id]]),
  })
  const text = tokenText({ fence: 7, claims: [FILES], pushes: 1 }, false, 'n')

  it('lists it again when one moved meanwhile: its files are not taken for free', async () => {
    const remote = {
      list: () => Promise.resolve(listingOf('new')),
      texts: (wanted: ReadonlyMap<string, string>) =>
        Promise.resolve(
          new Map(
            [...wanted.values()].flatMap((id): [string, string][] =>
              id === 'new' ? [[id, text]] : [],
            ),
          ),
        ),
    }
    const read = await readTokens(remote, listingOf('old'))
    assert.deepEqual(
      read?.tokens.map(({ fence }) => fence),
      [7],
    )
    assert.equal(read.listing.tokens.get(7), 'new')
  })

  it('gives up rather than pass one over', async () => {
    const remote = {
      list: () => Promise.resolve(listingOf('old')),
      texts: () => Promise.resolve(new Map<string, string>()),
    }
    assert.equal(await readTokens(remote, listingOf('old')), null)
  })
})

describe('a push that no daemon answers', () => {
  const position = { generation: 1, term: 1, index: 9 }
  const claim = (id: string, session: string, pattern: string) => ({
    ...({ id, pattern, kind: 'file', symbols: [], mode: 'exclusive' } as const),
    ...{ agent: `by ${session}`, session, machine: 'box' },
  })
  const facts = {
    ...{ repo: 'o/r', machine: 'box', ledger: 'x', position, case_exact: false },
    tokens: [
      { fence: 5, claims: [claim('live', 'me', 'src/**')] },
      { fence: 6, claims: [claim('gone', 'me', 'lib/**')] },
    ],
    provisional: [claim('noted', 'me', 'tmp/**')],
  }
  const tokens = [
    { fence: 5, claims: [claim('live', 'me', 'src/**')], pushes: 1 },
    { fence: 8, claims: [claim('theirs', 'you', 'docs/**')], pushes: 1 },
  ]
  const judge = (path: string) =>
    judgeByMemory({ paths: new Set([path]) }, { facts, session: 'me', agent: null }, tokens)

  it("goes under one's own tokens that the remote has, and not over others'", () => {
    assert.deepEqual(judge('src/a.ts').own, [{ id: 'live', fence: 5 }])
    const free = { blocked: [], own: [], releaseOnLanding: false, notes: [] }
    assert.deepEqual(judge('free.ts'), free)
    const why = (path: string): string | undefined => judge(path).blocked[0]?.why
    assert.equal(why('SRC/a.ts'), undefined)
    assert.equal(why('lib/a.ts'), 'ended')
    assert.equal(why('docs/a.md'), 'held')
    assert.equal(why('tmp/a.ts'), 'unsettled')
  })

  it('does not take a session of another machine for its own', () => {
    const elsewhere = {
      facts: { ...facts, machine: 'other', tokens: [] },
      session: 'me',
      agent: null,
    }
    const { blocked } = judgeByMemory({ paths: new Set(['src/a.ts']) }, elsewhere, tokens)
    assert.equal(blocked[0]?.claim?.id, 'live')
  })
})

describe('the check of pushed commits', () => {
  it('accuses no commit of a symbol, a shared claim, or its own fence', () => {
    const token = { fence: 7, claims: [FILES, SYMBOL], pushes: 1 }
    const commit = (fences: readonly number[], ...paths: string[]) => ({
      ...{ id: 'c', subject: 's', fences, bypass: '', paths },
    })
    const kinds = (...commits: ReturnType<typeof commit>[]): string[] =>
      findingsIn(commits, [token], false).map(({ kind }) => kind)
    assert.deepEqual(kinds(commit([7], 'src/x.ts'), commit([], 'README.md')), [])
    assert.deepEqual(kinds(commit([], 'src/x.ts'), commit([6], 'LIB/x.ts')), ['bypass', 'stale'])
    const only = { ...token, claims: [SYMBOL] }
    assert.deepEqual(findingsIn([commit([], 'src/a.ts')], [only], false), [])
  })
})
