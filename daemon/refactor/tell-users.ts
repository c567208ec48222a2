// A symbol was renamed: whoever of this machine holds uses of it, or waits for it, is told at the next hook and in the inbox.
// Each machine looks for its own sessions, in its own checkout; nothing is decided by it.
import {
  isSameSession,
  matchesPath,
  overlappingSymbols,
  parsePattern,
  type AuditEvent,
  type LedgerClaim,
  type Party,
  type QueueEntry,
  type Renaming,
  type Scope,
} from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import type { View } from '../core/view.ts'
import { recordForHolder } from '../guard/record.ts'
import type { Log } from '../log.ts'
import type { Parts } from '../operations/context.ts'
import type { Repo } from '../repos.ts'

export interface TellingOptions extends Pick<
  Parts,
  'repos' | 'git' | 'grep' | 'symbols' | 'clock' | 'about'
> {
  readonly watch: Operations['watch']
  readonly log: Pick<Log, 'warn'>
}

/** Renames that wait to be told; more at once is a rewrite, of which nobody wants to hear each. */
const WAITING_MAX = 100
const FILES_MAX = 50
const SEARCH_MS_MAX = 5_000

export function startTelling(options: TellingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let last = Promise.resolve()
  let waiting = 0
  const end = options.watch((event) => {
    if (event.kind !== 'symbol.renamed' || waiting >= WAITING_MAX) return
    waiting++
    last = last
      .then(() => tellAll(options, event, stopping.signal))
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          options.log.warn({ error: String(error) }, 'nobody could be told of a rename')
      })
      .finally(() => waiting--)
  })
  return {
    async stop() {
      end()
      stopping.abort()
      await last
    },
  }
}

interface Told {
  readonly claim: LedgerClaim
  readonly renamed: readonly Renaming[]
}

async function tellAll(
  options: TellingOptions,
  event: AuditEvent,
  stopping: AbortSignal,
): Promise<void> {
  const repo = options.repos.all().find(({ id }) => id === event.repo)
  const host = repo?.host ?? null
  if (repo === undefined || host === null) return
  const view = host.loop.view()
  const claim = [...view.state.claims.values()].find(({ id }) => id === event.data['claim'])
  if (claim === undefined) return
  const told = { claim, renamed: renamingsOf(event) }
  const heard = new Set<string>()
  const tell = (whom: Party & Pick<LedgerClaim, 'id'>, file: string): void => {
    if (heard.has(whom.session)) return
    heard.add(whom.session)
    const reason = told.renamed.map(({ from, to }) => `${from} is called ${to} now`).join(', ')
    const written = { kind: 'guard.renamed', path: file, holder: whom } as const
    recordForHolder(options, repo, claim, {
      ...written,
      reason: `${reason}, in ${claim.pattern}`,
    })
  }
  for (const entry of waitersFor(view, told, options.about.peer))
    tell({ ...entry.party, id: claim.id }, claim.pattern)
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(SEARCH_MS_MAX)])
  await tellHolders(options, repo, view, told, tell, signal)
}

function renamingsOf({ data }: AuditEvent): readonly Renaming[] {
  const all: unknown = data['renamed']
  if (!Array.isArray(all)) return []
  return all.map((one: { readonly from?: unknown; readonly to?: unknown } | null) => {
    return { from: String(one?.from), to: String(one?.to) }
  })
}

function waitersFor(view: View, { claim, renamed }: Told, peer: string): readonly QueueEntry[] {
  const old = renamed.map(({ from }) => from)
  return [...view.state.queue.values()].filter(
    ({ party, scopes }) =>
      party.peer === peer &&
      !isSameSession(party, claim) &&
      scopes.some((scope) => scope.pattern === claim.pattern && meets(scope, old)),
  )
}

function meets(scope: Pick<Scope, 'kind' | 'symbols'>, symbols: readonly string[]): boolean {
  return scope.kind !== 'symbol' || overlappingSymbols(symbols, scope.symbols).length > 0
}

/** Sessions of this machine, by what of their files uses the old name in its checkout. */
async function tellHolders(
  { git, grep, symbols, about }: TellingOptions,
  { checkouts }: Repo,
  view: View,
  { claim, renamed }: Told,
  tell: (whom: LedgerClaim, file: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [root] = checkouts
  const own = [...view.state.claims.values()]
    .filter((one) => one.peer === about.peer && !isSameSession(one, claim))
    .filter(({ kind }) => kind !== 'task' && kind !== 'resource')
    .map((one) => ({ claim: one, pattern: parsePattern(one.pattern, view) }))
  const checkout = root === undefined || own.length === 0 ? null : await git.findCheckout(root)
  if (checkout === null) return
  let looked = 0
  for (const { from } of renamed) {
    const name = from.slice(from.lastIndexOf('::') + 1).replace(/^:/, '')
    for (const file of await grep.filesWith(checkout, name, signal)) {
      const holders = own.filter(({ pattern }) => matchesPath(pattern, file))
      if (holders.length === 0 || symbols.kinship(claim.pattern, file) !== 'same') continue
      if (++looked > FILES_MAX) return
      const asked = { name, places: null }
      const used = await symbols.usesOf(checkout.root, file, asked, signal)
      if (used.kind !== 'uses' || used.places.length === 0) continue
      for (const holder of holders) if (meets(holder.claim, used.symbols)) tell(holder.claim, file)
    }
  }
}
