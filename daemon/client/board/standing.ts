// How things stand, in words that need no colour: the states of a claim, and whether what a board shows can be relied on.
// Pure; the worst comes first, and silence is never said to be health.
import type { ClaimState, RepoId } from '../../../protocol/index.ts'
import type { BoardSnapshot, RepoSnapshot } from './board-feed.ts'

export type Level = 'good' | 'warning' | 'bad'

export interface Alarm {
  readonly level: Exclude<Level, 'good'>
  /** In capitals: it is read without colour, too. */
  readonly word: string
  readonly text: string
}

interface StateWords {
  /** One character, different for each. */
  readonly sign: string
  readonly word: string
  readonly level: Level
  /** What it means for whoever holds the claim. */
  readonly text: string
}

export const CLAIM_STATES: Readonly<Record<ClaimState, StateWords>> = {
  active: { sign: '●', word: 'active', level: 'good', text: 'a majority of the voters holds it' },
  provisional: {
    ...{ sign: '?', word: 'PROVISIONAL', level: 'warning' },
    text: 'noted on this machine alone, without a majority; it may lose when the sides meet again',
  },
  releasing: {
    ...{ sign: '~', word: 'RELEASING', level: 'warning' },
    text: 'given up by its holder; free once a majority can be reached',
  },
  expired: {
    ...{ sign: '!', word: 'LAPSED', level: 'bad' },
    text: 'its lease is over here: nobody renewed it without a majority. Others may hold the same',
  },
  released: { sign: '-', word: 'released', level: 'good', text: 'it is over' },
  superseded: {
    ...{ sign: 'x', word: 'SUPERSEDED', level: 'bad' },
    text: 'it lost when the sides of a partition were settled',
  },
}

/** What is wrong now, the worst first; nothing: all of it can be relied on. */
export function alarmsOf(snapshot: BoardSnapshot, repo: RepoSnapshot | null): Alarm[] {
  const { connection } = snapshot
  if (connection.kind === 'lost') {
    const why = connection.reason === '' ? '' : `: ${connection.reason}`
    return [bad('DAEMON LOST', `this is the picture of before${why}; connecting again`)]
  }
  return [...(repo === null ? [] : repoAlarms(snapshot, repo)), ...machineAlarms(snapshot)]
}

/** In two words for a table: `leads`, `follows`, `NO MAJORITY`. */
export function standingOf(repo: {
  readonly role: string
  readonly quorum: boolean
  /** Only of a ledger that is followed. */
  readonly attached?: boolean
  readonly leader: string | null
  readonly problem: string | null
}): { readonly level: Level; readonly word: string } {
  if (repo.problem !== null) return { level: 'bad', word: 'UNUSABLE' }
  if (!repo.quorum || repo.attached === false) return { level: 'bad', word: 'NO MAJORITY' }
  if (repo.leader === null) return { level: 'warning', word: 'NO LEADER' }
  return { level: 'good', word: 'ok' }
}

/** The repository that a board begins with: the one that holds the folder, else the one with most to see. */
export function firstRepo(snapshot: BoardSnapshot, folder: string | null): RepoId | null {
  const repos = snapshot.status?.repos ?? []
  const around = repos
    .flatMap(({ id, checkouts }) => checkouts.map((root) => ({ id, root })))
    .filter(({ root }) => folder !== null && (folder === root || folder.startsWith(`${root}/`)))
    .sort((a, b) => b.root.length - a.root.length)[0]
  const busiest = [...repos].sort((a, b) => b.claims + b.queued - a.claims - a.queued)[0]
  return (around?.id ?? busiest?.id ?? null) as RepoId | null
}

function repoAlarms({ ledgers }: BoardSnapshot, repo: RepoSnapshot): Alarm[] {
  const { now, problem, local } = repo
  if (problem !== null) return [bad('LEDGER UNREADABLE', `${problem.message}; reading it anew`)]
  if (now === null) return []
  if (now.problem !== null) return [bad('REPOSITORY UNUSABLE', now.problem)]
  if (!now.quorum || !now.attached) {
    const voters = ledgers.find(({ ledger }) => ledger === repo.id)?.voters ?? now.voters
    const without = `too few of ${voters.join(', ')} answer here; others may go on without us`
    const count = local.provisional.length
    const own = count === 0 ? '' : `, ${String(count)} provisional`
    // What it means comes first: a small screen cuts the end.
    return [bad('NO MAJORITY', `nothing is granted${own}: ${without}`)]
  }
  if (now.leader === null) return [warning('NO LEADER', 'the voters are choosing one; claims wait')]
  const count = local.provisional.length
  if (count === 0) return []
  return [warning('PROVISIONAL', `${String(count)} of this machine, to be settled with the others`)]
}

function machineAlarms({ members }: BoardSnapshot): Alarm[] {
  return (['away', 'silent', 'asleep'] as const).flatMap((presence) => {
    const names = members.filter((one) => one.presence === presence).map(({ machine }) => machine)
    return names.length === 0 ? [] : [warning(PRESENCES[presence].word, names.join(', '))]
  })
}

function bad(word: string, text: string): Alarm {
  return { level: 'bad', word, text }
}

function warning(word: string, text: string): Alarm {
  return { level: 'warning', word, text }
}

type Presence = BoardSnapshot['members'][number]['presence']

interface PresenceWords {
  readonly word: string
  readonly level: Level
  readonly text: string
}

/** How a machine of the mesh is seen from here. */
export const PRESENCES: Readonly<Record<Presence, PresenceWords>> = {
  here: { word: 'this one', level: 'good', text: 'the machine of this board' },
  up: { word: 'up', level: 'good', text: 'connected, and heard a moment ago' },
  silent: {
    ...{ word: 'SILENT', level: 'warning' },
    text: 'connected, and it did not answer for some seconds',
  },
  asleep: {
    ...{ word: 'ASLEEP?', level: 'warning' },
    text: 'it fell silent without a word, and runs on a battery: closed, or out of reach',
  },
  away: { word: 'AWAY', level: 'bad', text: 'no connection to it' },
}

/** Processes that run or want to, for each core: above 1 they wait for each other. */
export function loadText(load: number | null): string {
  return load === null ? '-' : load.toFixed(load < 10 ? 2 : 0)
}

/** `2 of 4`: workers at work on a machine, and how many it lets be at once. */
export function slotsText({ workers }: Pick<BoardSnapshot['members'][number], 'workers'>): string {
  const { at_work: now, most } = workers
  return most === null ? String(now) : `${String(now)} of ${String(most)}`
}

/** What was so when the daemon was lost is not said to be so now. */
const NOT_KNOWN: PresenceWords = {
  ...{ level: 'bad', word: 'NOT KNOWN' },
  text: 'the daemon of this machine does not answer',
}

export function isLost({ connection }: BoardSnapshot): boolean {
  return connection.kind === 'lost'
}

export function standingIn(
  snapshot: BoardSnapshot,
  repo: Parameters<typeof standingOf>[0],
): ReturnType<typeof standingOf> {
  return isLost(snapshot) ? NOT_KNOWN : standingOf(repo)
}

export function presenceIn(snapshot: BoardSnapshot, presence: Presence): PresenceWords {
  return isLost(snapshot) ? NOT_KNOWN : PRESENCES[presence]
}

/** `2/3`: machines of the mesh that answer, this one too. */
export function answeringText(snapshot: BoardSnapshot): string {
  const { members, status } = snapshot
  if (isLost(snapshot)) return `?/${String(members.length)}`
  const answering = members.filter(({ presence }) => presence === 'here' || presence === 'up')
  if (members.length > 0) return `${String(answering.length)}/${String(members.length)}`
  return status === null ? '-' : `${String(status.mesh.online)}/${String(status.mesh.members)}`
}
