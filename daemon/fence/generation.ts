// Which generation of a repository's ledger its remotes were told of. A ledger that is begun anew takes one above it, else the
// remotes would refuse every push under its claims as one of an older ledger.
import { SkeinError } from '../../protocol/index.ts'
import { createQuietGit, GitFailed } from '../git-user.ts'
import { findAddress } from './address.ts'
import { Remote } from './remote.ts'
import { LEDGER_REF, parseLedger } from './token.ts'
import { readFencing, type FencedRemote } from './wiring.ts'
import type { UserGit } from '../git-user.ts'

export interface AtRemotes {
  /** The ledger of the greatest generation that one of them was told of; null: none was told of any. */
  readonly ledger: KnownLedger | null
  /** Names of remotes that could not be asked. */
  readonly unread: readonly string[]
}

export interface KnownLedger {
  readonly generation: number
  /** The hash of its genesis. */
  readonly genesis: string
}

/** As long as a person waits for an answer about a network that is down. */
const REMOTE_MS_MAX = 10_000

/** Asks the remotes to which these clones push fenced. */
export async function ledgerAtRemotes(
  checkouts: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<AtRemotes> {
  const found = await Promise.all(checkouts.map((root) => atRemotesOf(root, env)))
  return {
    ledger: greatest(found.map(({ ledger }) => ledger)),
    unread: [...new Set(found.flatMap(({ unread }) => unread))],
  }
}

async function atRemotesOf(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AtRemotes> {
  try {
    const git = await createQuietGit(root, env, AbortSignal.timeout(REMOTE_MS_MAX))
    const fenced = (await readFencing(git)).filter(({ isFenced }) => isFenced)
    const asked = await Promise.all(
      fenced.map(async (remote) => ({ remote, told: await askRemote(git, remote) })),
    )
    return {
      ledger: greatest(asked.map(({ told }) => told.ledger)),
      unread: asked.flatMap(({ remote, told }) => (told.isRead ? [] : [remote.remote])),
    }
  } catch (error) {
    // A clone that is gone knows of no remote.
    if (isOfGit(error)) return { ledger: null, unread: [] }
    throw error
  }
}

interface Told {
  readonly ledger: KnownLedger | null
  /** False: it could not be asked, or says what this version does not read. */
  readonly isRead: boolean
}

async function askRemote(git: UserGit, { remote, url }: FencedRemote): Promise<Told> {
  try {
    const place = new Remote(git, await findAddress(git, remote, url))
    const { ledger: ref } = await place.list()
    if (ref === null) return { ledger: null, isRead: true }
    const text = (await place.texts(new Map([[LEDGER_REF, ref]]))).get(ref)
    const note = text === undefined ? null : parseLedger(text)
    if (note === null) return { ledger: null, isRead: false }
    const { generation } = note.position
    return { ledger: { generation, genesis: note.ledger }, isRead: true }
  } catch (error) {
    if (isOfGit(error)) return { ledger: null, isRead: false }
    throw error
  }
}

function greatest(ledgers: readonly (KnownLedger | null)[]): KnownLedger | null {
  return ledgers.reduce(
    (most, one) => (one !== null && one.generation > (most?.generation ?? 0) ? one : most),
    null,
  )
}

function isOfGit(error: unknown): boolean {
  if (error instanceof GitFailed || error instanceof SkeinError) return true
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}
