// Holders on other machines hear of writes to what they hold: one word to their daemon, which records it and tells the session.
// It may be lost, when that machine cannot be reached: the event stands in the log of the machine that saw it.
import { z } from 'zod'
import {
  asRepoId,
  LIMITS,
  SkeinError,
  type EventKind,
  type PeerId,
  type RepoId,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { Mesh } from '../mesh/mesh.ts'

/** What was written, and by whom. */
export interface WrittenBy {
  readonly kind: Extract<EventKind, 'guard.bypassed' | 'guard.leaked'>
  readonly agent: string
  readonly session: string
  readonly machine: string
  readonly path: string
  readonly reason: string
  readonly claim: string
}

const METHOD = 'guard.written'
const ASK_MS = 5_000

const name = z.string().max(LIMITS.nameCharactersMax).transform(clean)
const told = z.looseObject({
  repo: z.string().max(LIMITS.nameCharactersMax),
  kind: z.enum(['guard.leaked', 'guard.bypassed']),
  agent: name,
  session: name,
  path: z.string().max(4_096).transform(clean),
  reason: z.string().max(LIMITS.descriptionCharactersMax).transform(clean),
  claim: name,
})

export function tellHolder(
  { board }: Pick<Mesh, 'board'>,
  peer: PeerId,
  repo: RepoId,
  written: Omit<WrittenBy, 'machine'>,
): void {
  board.ask(peer, METHOD, { repo, ...written }, ASK_MS).catch((error: unknown) => {
    // Not there, or too old to listen: it is in this machine's log.
    if (!(error instanceof SkeinError)) throw error
  })
}

/** @param record called for members that have the repository; it knows which claims are this machine's. */
export function hearOfWritten(
  mesh: Pick<Mesh, 'board' | 'member' | 'state'>,
  record: (repo: string, written: WrittenBy) => void,
): void {
  mesh.board.answer(METHOD, (from, body) => {
    const read = told.safeParse(body)
    const sender = mesh.member(from)
    const knows = mesh
      .state()
      .repos.get(asRepoId(read.data?.repo ?? ''))
      ?.machines.includes(from)
    if (!read.success || sender === undefined || knows !== true)
      return Promise.reject(new SkeinError('INPUT_SCHEMA', 'that tells of no write'))
    const { repo, kind, agent, session, path, reason, claim } = read.data
    record(repo, { kind, agent, session, path, reason, claim, machine: sender.machine })
    return Promise.resolve({})
  })
}
