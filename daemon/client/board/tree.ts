// Claims as a tree of folders, laid out as rows from top to bottom, and the orders in which they can be listed instead.
// Pure. A row is known by its id, so that a selection survives whatever happens around it.
import type { Claim, ClaimState } from '../../../protocol/index.ts'
import type { SearchFields } from './filter.ts'

export type TreeRow =
  | {
      readonly kind: 'folder'
      /** `dir:` and its path. */
      readonly id: string
      /** Its part of the path; several parts where nothing else is in them. */
      readonly label: string
      readonly depth: number
      /** In it and below. */
      readonly claims: number
      readonly isOpen: boolean
      /** What is not simply active in it, for whoever sees it closed. */
      readonly states: readonly ClaimState[]
    }
  | {
      readonly kind: 'claim'
      /** Of the claim. */
      readonly id: string
      readonly label: string
      readonly depth: number
      readonly claim: Claim
    }

export const CLAIM_ORDERS = ['path', 'left', 'age', 'holder', 'state'] as const
export type ClaimOrder = (typeof CLAIM_ORDERS)[number]

/** @param closed ids of folders whose contents are not shown. */
export function claimTree(
  claims: readonly Claim[],
  closed: ReadonlySet<string> = new Set(),
): TreeRow[] {
  const root = newFolder('')
  for (const claim of claims) {
    const { folders, leaf } = placeOf(claim)
    let folder = root
    for (const name of folders) folder = childOf(folder, name)
    folder.leaves.push({ name: leaf, claim })
  }
  const rows: TreeRow[] = []
  lay(root, 0, closed, rows)
  return rows
}

/** Without folders, in an order that is not that of paths. */
export function claimList(claims: readonly Claim[], order: ClaimOrder): TreeRow[] {
  const sorted = [...claims].sort(
    (a, b) => compare(RANKS[order](a), RANKS[order](b)) || compare(a.pattern, b.pattern),
  )
  return sorted.map((claim) => {
    return { kind: 'claim', id: claim.id, label: wholeLabel(claim), depth: 0, claim }
  })
}

/** What a claim can be looked for by. */
export function claimFields(claim: Claim): SearchFields {
  const { id, agent, machine, branch, description, kind, pattern, symbols, mode, state } = claim
  return {
    ...{ id, agent, machine, description, kind, mode, state, path: pattern },
    branch: branch ?? '',
    symbol: symbols.join(' '),
    session: claim.session,
    fence: String(claim.fence ?? ''),
  }
}

/** What it is about, whole: `src/a.ts A::b`, `task T-3`. */
export function wholeLabel({
  kind,
  pattern,
  symbols,
}: Pick<Claim, 'kind' | 'pattern' | 'symbols'>): string {
  const word = kind === 'task' || kind === 'resource' ? `${kind} ` : ''
  return `${word}${pattern}${symbolsText(symbols)}`
}

const RANKS: Readonly<Record<ClaimOrder, (claim: Claim) => string>> = {
  path: ({ pattern }) => pattern,
  // ISO 8601 in UTC sorts as text.
  left: ({ expires_at: end }) => end,
  age: ({ granted_at: at }) => at,
  holder: ({ agent }) => agent,
  // What a person should look at comes first.
  state: ({ state }) => (state === 'active' ? '1' : '0') + state,
}

interface Folder {
  readonly path: string
  readonly folders: Map<string, Folder>
  readonly leaves: { readonly name: string; readonly claim: Claim }[]
}

interface ClaimPlace {
  readonly folders: readonly string[]
  readonly leaf: string
}

/** A snapshot has mostly the claims of the one before. */
const places = new WeakMap<Claim, ClaimPlace>()

function placeOf(claim: Claim): ClaimPlace {
  const known = places.get(claim)
  if (known !== undefined) return known
  const place = findPlace(claim)
  places.set(claim, place)
  return place
}

/** Folders end where the first glob sign stands: `src/**` is in `src`. */
function findPlace({ kind, pattern, symbols }: Claim): ClaimPlace {
  if (kind === 'task' || kind === 'resource') return { folders: [`${kind}s:`], leaf: pattern }
  const parts = pattern.split('/')
  const glob = parts.findIndex((part) => /[*?[{]/.test(part))
  const end = glob < 0 ? parts.length - 1 : glob
  const leaf = parts.slice(end).join('/')
  return { folders: parts.slice(0, end), leaf: `${leaf}${symbolsText(symbols)}` }
}

function symbolsText(symbols: readonly string[]): string {
  return symbols.length === 0 ? '' : ` ${symbols.join(', ')}`
}

function newFolder(path: string): Folder {
  return { path, folders: new Map(), leaves: [] }
}

function childOf(folder: Folder, name: string): Folder {
  const known = folder.folders.get(name)
  if (known !== undefined) return known
  const child = newFolder(folder.path === '' ? name : `${folder.path}/${name}`)
  folder.folders.set(name, child)
  return child
}

/** Folders before what is claimed in them, each by name. */
function lay(folder: Folder, depth: number, closed: ReadonlySet<string>, rows: TreeRow[]): void {
  const folders = [...folder.folders].sort(([a], [b]) => compare(a, b))
  for (const [name, child] of folders) layFolder(child, name, depth, closed, rows)
  const leaves = folder.leaves.sort((a, b) => compare(a.name, b.name))
  for (const { name, claim } of leaves)
    rows.push({ kind: 'claim', id: claim.id, label: name, depth, claim })
}

function layFolder(
  folder: Folder,
  name: string,
  depth: number,
  closed: ReadonlySet<string>,
  rows: TreeRow[],
): void {
  let last = folder
  let label = name
  for (let only = onlyChild(last); only !== null; only = onlyChild(last)) {
    last = only.folder
    label = `${label}/${only.name}`
  }
  const id = `dir:${last.path}`
  const isOpen = !closed.has(id)
  const { claims, states } = summaryOf(last)
  rows.push({ kind: 'folder', id, label, depth, claims, isOpen, states: [...states] })
  if (isOpen) lay(last, depth + 1, closed, rows)
}

function onlyChild(folder: Folder): { readonly name: string; readonly folder: Folder } | null {
  if (folder.leaves.length > 0 || folder.folders.size !== 1) return null
  for (const [name, child] of folder.folders) return { name, folder: child }
  return null
}

function summaryOf(folder: Folder): { claims: number; states: Set<ClaimState> } {
  const sum = { claims: folder.leaves.length, states: new Set<ClaimState>() }
  for (const { claim } of folder.leaves) if (claim.state !== 'active') sum.states.add(claim.state)
  for (const child of folder.folders.values()) {
    const { claims, states } = summaryOf(child)
    sum.claims += claims
    for (const state of states) sum.states.add(state)
  }
  return sum
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
