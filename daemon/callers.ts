// From a call's words to a party, a repository and a checkout: who asks, of what, from where. Order of identity:
// argument, then what the connection said of itself, then the only enrolled repository.
import { existsSync } from 'node:fs'
import path from 'node:path'
import {
  asRepoId,
  asSessionId,
  LIMITS,
  SkeinError,
  type CallerFields,
  type Party,
  type PeerId,
  type SessionId,
} from '../protocol/index.ts'
import type { CallContext } from './client/operations.ts'
import type { ProcessIdentity } from './client/proc.ts'
import type { RepoConfig } from './config.ts'
import type { Checkout, Git } from './git.ts'
import type { Repo, Repos } from './repos.ts'
import type { Sessions } from './sessions.ts'
import type { WorkPlaces } from './wip/places.ts'

/** A call's repository, with the checkout that the caller means where it has one. */
export interface Place {
  readonly repo: Repo
  readonly checkout: Checkout | null
  /** It is the caller's own: it said so now or lately, or there is no other. Else only the one that was used last. */
  readonly isOwn: boolean
  readonly config: RepoConfig
}

export interface Callers {
  place(input: CallerFields, context: CallContext): Promise<Place>
  /** The party of a call that changes something: it must say who it is. Counts as a sign of life. */
  party(input: CallerFields, context: CallContext, place: Place): Promise<Party>
  /** The party of a call that only asks: a caller without a name meets every claim as a stranger. */
  asker(input: CallerFields, context: CallContext): Party
  /** Does this session work in this checkout, maybe in others too? One of which that is not known works where it may. */
  worksAt(session: SessionId, repo: Pick<Repo, 'id'>, root: string): boolean
  /** Whose last call was for it. */
  sessionsAt(repo: Pick<Repo, 'id'>, root: string): readonly SessionId[]
  /** A sign of life of a session that a call names as its own beside the one that it is made for. */
  note(session: string): void
}

export interface CallersOptions {
  readonly repos: Repos
  readonly sessions: Sessions
  readonly git: Git
  readonly peer: PeerId
  readonly machine: string
  /** Where each session works, over restarts. */
  readonly places: Pick<WorkPlaces, 'note' | 'of'>
}

/** The session of callers that say nothing of themselves: nobody's, so it is never the holder's. */
const NOBODY = asSessionId('nobody')

export function createCallers(options: CallersOptions): Callers {
  const { repos, sessions, git, peer, machine, places } = options
  const lastUsed = createLastUsed()

  function identity(input: CallerFields, context: CallContext): Party {
    const session = sessionOf(input, context)
    const agent = input.agent ?? context.caller.agent
    return {
      agent:
        agent === undefined
          ? clean(defaultAgent(input, context, machine, session))
          : cleanName(agent, 'the name of the agent'),
      agentGiven: agent !== undefined,
      session,
      peer,
      machine,
      branch: input.branch === undefined ? null : clean(input.branch) || null,
    }
  }

  return {
    async place(input, context) {
      const directory = directoryOf(input, context)
      const session = sessionOf(input, context)
      if (input.repo !== undefined || directory === null) {
        const repo = namedRepo(repos, input.repo ?? context.caller.repo)
        const found = await placeIn(repo, directory, lastUsed.get(session, repo), git)
        if (found.isOwn) lastUsed.set(session, repo, found.checkout)
        return found
      }
      const found = await repos.at(directory)
      lastUsed.set(session, found.repo, found.checkout)
      return { ...found, isOwn: true }
    },
    async party(input, context, place) {
      const party = identity(input, context)
      if (party.session === NOBODY) {
        throw new SkeinError('INPUT_SCHEMA', 'the call does not say who asks', {
          hint: 'Pass `agent` and `session`.',
        })
      }
      sessions.noteActivity(party.session, processOf(input, context))
      if (place.checkout !== null && place.isOwn) {
        // Hooks find their place by the files that are written.
        lastUsed.set(party.session, place.repo, place.checkout)
        places.note(place.repo.id, party.session, place.checkout.root)
      }
      if (party.branch !== null || place.checkout === null) return party
      return { ...party, branch: await git.currentBranch(place.checkout) }
    },
    asker(input, context) {
      const party = identity(input, context)
      if (party.session !== NOBODY) sessions.noteActivity(party.session, processOf(input, context))
      return party
    },
    worksAt(session, repo, root) {
      const roots = places.of(repo.id, session)
      return roots.length > 0
        ? roots.includes(root)
        : (lastUsed.get(session, repo) ?? root) === root
    },
    sessionsAt: (repo, root) => lastUsed.of(repo, root),
    note(session) {
      sessions.noteActivity(asSessionId(cleanName(session, 'the session')), null)
    },
  }
}

/** Paths of this machine are taken from callers on this machine only. */
function directoryOf(input: CallerFields, context: CallContext): string | null {
  if (context.door === 'tcp') return null
  const directory = input.checkout ?? input.cwd ?? context.caller.cwd ?? null
  // A relative one would be read from the daemon's own working directory.
  if (directory === null || (path.isAbsolute(directory) && !directory.includes('\0')))
    return directory
  throw new SkeinError('INPUT_SCHEMA', 'the directory of a call is an absolute path', {
    hint: 'Pass `cwd` or `checkout` as an absolute path.',
  })
}

function namedRepo(repos: Repos, id: string | undefined): Repo {
  if (id !== undefined) return repos.get(asRepoId(id))
  const all = repos.all()
  const [only] = all
  if (only !== undefined && all.length === 1) return only
  const enrolled = all.map((repo) => repo.id)
  const which = enrolled.length === 0 ? 'none is enrolled' : `enrolled are ${enrolled.join(', ')}`
  throw new SkeinError(
    'REPO_UNKNOWN',
    `the call does not say which repository it means; ${which}`,
    {
      hint: enrolled.length === 0 ? 'skein init' : 'Pass `repo`.',
      data: { enrolled },
    },
  )
}

/** The named repository, with the caller's directory where that is a checkout of it, else the one used last. */
async function placeIn(
  repo: Repo,
  directory: string | null,
  lastRoot: string | null,
  git: Git,
): Promise<Place> {
  const own = [directory, lastRoot].filter((folder) => folder !== null)
  for (const [at, candidate] of [...own, ...repo.checkouts].entries()) {
    const checkout = await git.findCheckout(candidate)
    if (checkout !== null && repo.checkouts.includes(checkout.root)) {
      const isOwn = at < own.length || repo.checkouts.filter(isThere).length === 1
      return { repo, checkout, isOwn, config: repo.config }
    }
  }
  return { repo, checkout: null, isOwn: false, config: repo.config }
}

function isThere(folder: string): boolean {
  return existsSync(folder)
}

/** The checkout that each session used last, for those of its calls that name none. */
function createLastUsed(): {
  get(session: SessionId, repo: Pick<Repo, 'id'>): string | null
  of(repo: Pick<Repo, 'id'>, root: string): readonly SessionId[]
  set(session: SessionId, repo: Repo, checkout: Checkout | null): void
} {
  const roots = new Map<string, string>()
  const keyOf = (session: SessionId, repo: Pick<Repo, 'id'>): string => `${repo.id} ${session}`
  return {
    get: (session, repo) => (session === NOBODY ? null : (roots.get(keyOf(session, repo)) ?? null)),
    of(repo, root) {
      const start = keyOf(asSessionId(''), repo)
      const there = [...roots].filter(([key, at]) => at === root && key.startsWith(start))
      return there.map(([key]) => asSessionId(key.slice(start.length)))
    },
    set(session, repo, checkout) {
      if (session === NOBODY || checkout === null) return
      const key = keyOf(session, repo)
      roots.delete(key)
      roots.set(key, checkout.root)
      if (roots.size > SESSIONS_REMEMBERED) roots.delete(roots.keys().next().value ?? '')
    },
  }
}

/** More than a machine runs in a day. */
const SESSIONS_REMEMBERED = 5_000

function sessionOf(input: CallerFields, context: CallContext): SessionId {
  const session = input.session ?? context.caller.session
  if (session !== undefined) return asSessionId(cleanName(session, 'the session'))
  const agent = input.agent ?? context.caller.agent
  return agent === undefined
    ? NOBODY
    : asSessionId(`agent:${cleanName(agent, 'the name of the agent')}`)
}

function defaultAgent(
  input: CallerFields,
  context: CallContext,
  machine: string,
  session: SessionId,
): string {
  const user = input.caller?.user ?? context.caller.user ?? 'somebody'
  const tool = input.caller?.tool ?? context.caller.harness ?? context.door
  return `${user}@${machine}/${tool}/${session.slice(-4)}`
}

function processOf(input: CallerFields, context: CallContext): ProcessIdentity | null {
  const pid = input.caller?.pid ?? context.caller.pid
  const started = input.caller?.started ?? context.caller.started
  return pid === undefined || started === undefined || context.door === 'tcp'
    ? null
    : { pid, started }
}

/**
 * Names are shown to people and to models: no control characters, no characters that reorder text. Halves of characters
 * would not survive the ledger's UTF-8.
 */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ').trim()
}

/** The same for texts of several lines: line breaks and tabs stay. */
export function cleanLines(text: string): string {
  const unix = text.replaceAll(/\r\n?/g, '\n')
  return unix.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ').trim()
}

/** What tells callers apart cannot be empty: all strangers would be one party. @throws SkeinError INPUT_SCHEMA */
export function cleanName(text: string, what: string): string {
  const name = clean(text)
  if (name === '')
    throw new SkeinError('INPUT_SCHEMA', `${what} has no character that can be shown`)
  if (name.length > LIMITS.nameCharactersMax) {
    const most = String(LIMITS.nameCharactersMax)
    throw new SkeinError('INPUT_SIZE', `${what} has more than ${most} characters`)
  }
  return name
}
