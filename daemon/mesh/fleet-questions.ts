// What machines ask each other about workers: would you take one, how far is it, what did it say. Only members that have the repository
// ask, and only of assignments of that repository's ledger.
import { z } from 'zod'
import {
  asAssignmentId,
  asRepoId,
  BLOCKER_KINDS,
  LIMITS,
  SkeinError,
  type AssignmentId,
  type PeerId,
  type RepoId,
} from '../../protocol/index.ts'
import type { Fleet, WorkerBlocker, WorkerLog, WorkerProgress } from '../ports-fleet.ts'
import type { Mesh } from './mesh.ts'

const OFFER = 'fleet.offer'
const PROGRESS = 'fleet.progress'
const LOG = 'fleet.log'
const ASK_MS = 5_000
/** Somebody lists workers and looks at the answer: a machine that is slow is told as unknown. */
const PROGRESS_MS = 1_500
/** A piece of a log: far below what a message may hold. */
export const LOG_BYTES_MAX = 256 * 1024
const IDS_MAX = 200

const repo = z.string().max(LIMITS.nameCharactersMax)
const id = z.string().regex(/^asg_[0-9A-HJKMNP-TV-Z]{26}$/)
const offer = z.looseObject({ repo, launcher: z.string().max(LIMITS.nameCharactersMax) })
const progressOf = z.looseObject({ repo, ids: z.array(id).max(IDS_MAX) })
const logOf = z.looseObject({
  repo,
  id,
  since: z.int().min(0),
  bytes: z.int().min(0).max(LOG_BYTES_MAX),
})

const text = z.string().max(4_096)
const progressAnswer = z.array(
  z.looseObject({
    id,
    progress: z
      .looseObject({
        model: text.nullable(),
        turns: z.int(),
        tools: z.int(),
        last: text.nullable(),
        cost_usd: z.number(),
        files: z.array(text).max(1_000),
        updates: z.array(text).max(100),
        stuck: text.nullable(),
        warnings: z.array(text).max(100),
      })
      .nullable(),
    blocker: z
      .looseObject({ kind: z.enum(BLOCKER_KINDS), note: text, sinceMs: z.number() })
      .nullable(),
  }),
)
const logAnswer = z.looseObject({
  bytes: z.instanceof(Uint8Array),
  total: z.int().min(0),
  isEnded: z.boolean(),
})

/** What a machine says of a worker of its own. */
export interface WorkerTold {
  readonly progress: WorkerProgress | null
  readonly blocker: WorkerBlocker | null
}

type Asker = Pick<Mesh, 'board' | 'member' | 'state'>

export function answerFleet(
  mesh: Asker,
  fleet: Fleet,
  isOf: (repo: RepoId, id: AssignmentId) => boolean,
): void {
  const { board } = mesh
  board.answer(OFFER, async (from, body) => {
    const asked = read(mesh, from, offer, body)
    await fleet.offer(from, asRepoId(asked.repo), asked.launcher)
    return {}
  })
  board.answer(PROGRESS, (from, body) => {
    const asked = read(mesh, from, progressOf, body)
    const own = asked.ids.map(asAssignmentId).filter((each) => isOf(asRepoId(asked.repo), each))
    return Promise.resolve(
      own.map((each) => ({
        ...{ id: each, progress: fleet.progress(each), blocker: fleet.blocker(each) },
      })),
    )
  })
  board.answer(LOG, (from, body) => {
    const asked = read(mesh, from, logOf, body)
    const named = asAssignmentId(asked.id)
    if (!isOf(asRepoId(asked.repo), named))
      throw new SkeinError('ASSIGNMENT_UNKNOWN', `no assignment ${named} is known here`)
    return Promise.resolve(fleet.log(named, asked.since, asked.bytes))
  })
}

/** @throws SkeinError ASSIGNMENT_REFUSED, PEER_UNREACHABLE */
export async function askOffer(
  { board }: Pick<Mesh, 'board'>,
  peer: PeerId,
  asked: { readonly repo: RepoId; readonly launcher: string },
): Promise<void> {
  await board.ask(peer, OFFER, asked, ASK_MS)
}

/** @throws SkeinError PEER_UNREACHABLE */
export async function askProgress(
  { board }: Pick<Mesh, 'board'>,
  peer: PeerId,
  asked: { readonly repo: RepoId; readonly ids: readonly AssignmentId[] },
): Promise<ReadonlyMap<AssignmentId, WorkerTold>> {
  const answer = progressAnswer.safeParse(await board.ask(peer, PROGRESS, asked, PROGRESS_MS))
  if (!answer.success) throw noAnswer(peer)
  return new Map(answer.data.map(({ id: of, ...told }) => [asAssignmentId(of), told]))
}

/** @throws SkeinError PEER_UNREACHABLE, ASSIGNMENT_UNKNOWN */
export async function askLog(
  { board }: Pick<Mesh, 'board'>,
  peer: PeerId,
  asked: {
    readonly repo: RepoId
    readonly id: AssignmentId
    readonly since: number
    readonly bytes: number
  },
): Promise<WorkerLog> {
  const answer = logAnswer.safeParse(await board.ask(peer, LOG, asked, ASK_MS))
  if (!answer.success) throw noAnswer(peer)
  return answer.data
}

function read<Schema extends z.ZodType>(
  mesh: Asker,
  from: PeerId,
  schema: Schema,
  body: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(body)
  const named = (parsed.data as { readonly repo?: string } | undefined)?.repo ?? ''
  const { machines = [] } = mesh.state().repos.get(asRepoId(named)) ?? {}
  if (!parsed.success || mesh.member(from) === undefined || !machines.includes(from))
    throw new SkeinError('INPUT_SCHEMA', 'that asks nothing about workers')
  return parsed.data
}

function noAnswer(peer: PeerId): SkeinError {
  return new SkeinError('PEER_UNREACHABLE', `${peer} gave no answer about its workers`)
}
