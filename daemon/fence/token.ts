// What skein keeps on a remote: a token for each live claim on paths, and the ledger's position. A token is a commit on the empty
// tree (or a blob, where a host refuses commits by unknown authors), whose text names fence, claims and holder. Each push
// makes a new one, so that the remote itself compares. The text is lines of `key: value`, which a shell can read too.
import { globsOf, type OperationResult } from '../../protocol/index.ts'

export type Facts = OperationResult<'fence'>
export type FencePosition = Facts['position']
export type FencedScope = Facts['provisional'][number]

export const TOKENS = 'refs/skein/fence/t/'
export const LEDGER_REF = 'refs/skein/fence/ledger'
/** Everything that is ours on a remote; nobody else is shown it. */
export const FENCE_REFS = 'refs/skein/fence/'

export interface Token {
  readonly fence: number
  readonly claims: readonly FencedScope[]
  /** Counts the pushes under it. */
  readonly pushes: number
}

export interface LedgerNote {
  readonly position: FencePosition
  /** Hash of the ledger's first record. */
  readonly ledger: string
}

export function tokenRef(fence: number): string {
  return TOKENS + String(fence)
}

/** Null for a ref that is no token. */
export function fenceOfRef(ref: string): number | null {
  const text = ref.startsWith(TOKENS) ? ref.slice(TOKENS.length) : ''
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null
}

/** @param nonce makes each text another, and so each object. */
export function tokenText(token: Token, caseExact: boolean, nonce: string): string {
  const claims = token.claims.flatMap((claim) => [
    `claim: ${claim.id}`,
    `holder: ${claim.agent}`,
    `session: ${claim.session}`,
    `machine: ${claim.machine}`,
    `kind: ${claim.kind}`,
    `mode: ${claim.mode}`,
    `pattern: ${claim.pattern}`,
    ...pathspecs(claim.pattern, caseExact).map((spec) => `path: ${spec}`),
    ...claim.symbols.map((symbol) => `symbol: ${symbol}`),
  ])
  const facts = [`fence: ${String(token.fence)}`, `pushes: ${String(token.pushes)}`]
  return [
    `skein fence ${String(token.fence)}`,
    '',
    ...facts,
    ...claims,
    `nonce: ${nonce}`,
    '',
  ].join('\n')
}

/** Null for a text that is no token. */
export function parseToken(text: string): Token | null {
  let fence = 0
  let pushes = 0
  const claims: Draft[] = []
  for (const { key, value } of linesOf(text)) {
    const claim = claims.at(-1)
    if (key === 'fence') fence = Number(value)
    else if (key === 'pushes') pushes = Number(value)
    else if (key === 'claim') claims.push({ ...EMPTY, id: value, symbols: [] })
    else if (claim === undefined) continue
    else if (key === 'holder') claim.agent = value
    else if (key === 'session') claim.session = value
    else if (key === 'machine') claim.machine = value
    else if (key === 'kind' && isKind(value)) claim.kind = value
    else if (key === 'mode') claim.mode = value === 'shared' ? 'shared' : 'exclusive'
    else if (key === 'pattern') claim.pattern = value
    else if (key === 'symbol') claim.symbols.push(value)
  }
  const isWhole = Number.isSafeInteger(fence) && fence > 0 && claims.length > 0
  return isWhole && claims.every(({ pattern }) => pattern !== '') ? { fence, claims, pushes } : null
}

export function ledgerText({ position, ledger }: LedgerNote, nonce: string): string {
  const { generation, term, index } = position
  return [
    'skein fence ledger',
    '',
    `generation: ${String(generation)}`,
    `term: ${String(term)}`,
    `index: ${String(index)}`,
    `ledger: ${ledger}`,
    `nonce: ${nonce}`,
    '',
  ].join('\n')
}

export function parseLedger(text: string): LedgerNote | null {
  const found = new Map(linesOf(text).map(({ key, value }) => [key, value]))
  const [generation, term, index] = ['generation', 'term', 'index'].map((key) =>
    Number(found.get(key) ?? NaN),
  )
  if (generation === undefined || term === undefined || index === undefined) return null
  if (![generation, term, index].every(Number.isSafeInteger)) return null
  return { position: { generation, term, index }, ledger: found.get('ledger') ?? '' }
}

/** Negative when `a` is the older. */
export function compareFencePositions(a: FencePosition, b: FencePosition): number {
  return a.generation - b.generation || a.term - b.term || a.index - b.index
}

/** A commit on the empty tree, as git stores it: no name or address of anybody's is needed for it. */
export function commitText(text: string, idLength: number, atSeconds: number): string {
  const who = `skein <fence@skein.invalid> ${String(atSeconds)} +0000`
  const tree = idLength === 64 ? EMPTY_TREE_SHA256 : EMPTY_TREE_SHA1
  return `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${text}`
}

const EMPTY_TREE_SHA1 = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
const EMPTY_TREE_SHA256 = '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'

/** The same paths in git's own words, for whoever has only git: one for each alternative of the pattern. */
function pathspecs(pattern: string, caseExact: boolean): readonly string[] {
  const fold = caseExact ? '' : ',icase'
  return globsOf(pattern).map(({ kind, text }) =>
    kind === 'path' ? `:(top,literal${fold})${text}` : `:(top,glob${fold})${text}`,
  )
}

type Draft = { -readonly [Key in keyof FencedScope]: FencedScope[Key] } & { symbols: string[] }

const EMPTY: Omit<Draft, 'id' | 'symbols'> = {
  ...{ agent: '', session: '', machine: '', pattern: '' },
  kind: 'file',
  mode: 'exclusive',
}

function isKind(text: string): text is FencedScope['kind'] {
  return text === 'file' || text === 'module' || text === 'symbol'
}

function linesOf(text: string): readonly { readonly key: string; readonly value: string }[] {
  return text.split('\n').flatMap((line) => {
    const at = line.indexOf(': ')
    return at <= 0 ? [] : [{ key: line.slice(0, at), value: line.slice(at + 2) }]
  })
}
