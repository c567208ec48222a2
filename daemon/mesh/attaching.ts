// How a further machine gets a repository's ledger: it shows a member that has the repository that it has the same history,
// and that member vouches for it in the mesh ledger. Nothing of the ledger leaves before.
import { z } from 'zod'
import { SkeinError, type PeerId, type RepoId } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import { ProofAttempts } from '../proof-attempts.ts'
import { boundTo, type ProofOffer, type ProofQuestion, type RepoProof } from '../repo-proof.ts'
import { submit } from '../submit.ts'
import type { Mesh } from './mesh.ts'

export interface AttachingOptions {
  readonly mesh: Mesh
  readonly proof: RepoProof
  readonly clock: Clock
  readonly log: Log
  /** Absolute roots of this machine's checkouts of it. */
  readonly checkoutsOf: (repo: RepoId) => readonly string[]
  /** This machine's name. */
  readonly name: string
  /** What this machine showed in vain, and what it was told: every hook in a wrong clone would ask again. */
  readonly refusals: Map<string, { readonly error: SkeinError; readonly untilMs: number }>
}

const ASK_MS = 15_000
/** So long the same history is not shown again: the others may have pulled by then. */
const REFUSED_MS = 600_000
const REFUSALS_MAX = 64
/** How long the mesh ledger may take to bring what was decided. */
const ARRIVAL_MS = 5_000

const offered = z.looseObject({
  repo: z.string().max(256),
  offer: z.looseObject({ commits: z.array(z.string().max(64)).max(64) }),
})
const proven = z.looseObject({
  repo: z.string().max(256),
  answers: z.array(z.string().max(128).nullable()).max(16),
})
const asked = z.looseObject({
  nonce: z.string().max(128),
  pairs: z
    .array(z.looseObject({ commit: z.string().max(64), path: z.string().max(4_096) }))
    .min(1)
    .max(16),
})

/** Answers the machines that want a copy. */
export function vouchForOthers({
  mesh,
  proof,
  clock,
  log,
  checkoutsOf,
  name,
}: AttachingOptions): void {
  const attempts = new ProofAttempts(() => clock.uptime())
  const questions = new Map<string, { readonly root: string; readonly question: ProofQuestion }>()
  const keyOf = (from: PeerId, repo: string): string => `${from} ${repo}`

  mesh.board.answer('repo.question', async (from, body) => {
    const { repo, offer } = read(offered, body)
    if (attempts.waitMs(keyOf(from, repo)) > 0) throw tooMany(repo)
    let isThere = false
    for (const root of checkoutsOf(repo as RepoId)) {
      const question = await questionAt(root, offer)
      if (question === undefined) continue
      isThere = true
      if (question === null) continue
      questions.set(keyOf(from, repo), { root, question })
      return question
    }
    if (!isThere) throw new SkeinError('PEER_UNREACHABLE', `${name} has no clone of ${repo} now`)
    attempts.fail(keyOf(from, repo))
    throw new SkeinError('REPO_FOREIGN', `this machine knows no commit that was shown of ${repo}`)
  })
  mesh.board.answer('repo.proof', async (from, body) => {
    const { repo, answers } = read(proven, body)
    const open = questions.get(keyOf(from, repo))
    questions.delete(keyOf(from, repo))
    const isRight =
      open !== undefined && (await proof.verify(open.root, boundTo(open.question, from), answers))
    if (!isRight) {
      attempts.fail(keyOf(from, repo))
      log.warn({ peer: from, repo }, 'a machine did not prove that it has the repository')
      throw new SkeinError(
        'REPO_FOREIGN',
        `the contents shown of ${repo} are not those of this mesh`,
      )
    }
    await submit(mesh.host, { kind: 'attach', repo: repo as RepoId, peer: from })
    return { ok: true }
  })

  /** Undefined: this checkout cannot be read. Where it lies is nobody else's business. */
  async function questionAt(
    root: string,
    offer: ProofOffer,
  ): Promise<ProofQuestion | null | undefined> {
    try {
      return await proof.question(root, offer)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      log.warn({ root, code: error.code, error: error.message }, 'a clone cannot be read')
      return undefined
    }
  }
}

/** Shows a member that has the repository that this machine has it too. @throws SkeinError REPO_FOREIGN, PEER_UNREACHABLE */
export async function attach(
  { mesh, proof, log, clock, refusals }: AttachingOptions,
  repo: RepoId,
  root: string,
): Promise<void> {
  const known = mesh.state().repos.get(repo)
  const having = (known?.machines ?? []).filter((peer) => peer !== mesh.self)
  const reachable = having.filter((peer) => mesh.board.isReady(peer))
  if (reachable.length === 0) throw nobodyReachable(mesh, repo, having)
  const offer = await proof.offer(root)
  let failure: unknown = null
  for (const peer of reachable) {
    const shown = `${peer} ${repo} ${offer.commits.join()}`
    const refusal = refusals.get(shown)
    if (refusal !== undefined && refusal.untilMs > clock.uptime()) {
      failure = refusal.error
      continue
    }
    try {
      const question = read(
        asked,
        await mesh.board.ask(peer, 'repo.question', { repo, offer }, ASK_MS),
      )
      const answers = await proof.answer(root, boundTo(question, mesh.self))
      await mesh.board.ask(peer, 'repo.proof', { repo, answers }, ASK_MS)
      await untilAttached(mesh, repo)
      log.info({ repo, peer }, 'this machine has shown that it has the repository')
      return
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      failure = error
      if (error.code !== 'REPO_FOREIGN') continue
      refusals.set(shown, { error, untilMs: clock.uptime() + REFUSED_MS })
      const [oldest] = refusals.keys()
      if (refusals.size > REFUSALS_MAX && oldest !== undefined) refusals.delete(oldest)
    }
  }
  throw failure
}

async function untilAttached(mesh: Mesh, repo: RepoId): Promise<void> {
  const isAttached = (): boolean =>
    mesh.state().repos.get(repo)?.machines.includes(mesh.self) === true
  if (isAttached()) return
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const end = mesh.onChange(() => {
    if (isAttached()) resolve(undefined)
  })
  const timer = setTimeout(() => {
    reject(new SkeinError('NO_QUORUM', `the mesh ledger did not bring ${repo} here in time`))
  }, ARRIVAL_MS)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    end()
  }
}

function nobodyReachable(mesh: Mesh, repo: RepoId, having: readonly PeerId[]): SkeinError {
  const names = having.map((peer) => mesh.member(peer)?.machine ?? peer)
  const who = names.length === 0 ? 'no other machine' : names.join(', ')
  return new SkeinError(
    'PEER_UNREACHABLE',
    `${repo} is enrolled in this mesh, and of the machines that have it (${who}) none can be reached`,
    { data: { repo, machines: names } },
  )
}

function tooMany(repo: string): SkeinError {
  return new SkeinError(
    'REPO_FOREIGN',
    `too many wrong proofs of ${repo} came from there: try again in an hour`,
  )
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new SkeinError('PEER_REFUSED', 'a machine sent what is no answer')
}
