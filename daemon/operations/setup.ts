// The operations that begin a repository's ledger: enrolment, and recovery after a loss.
import {
  asRepoId,
  SkeinError,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { heldIn } from '../carried.ts'
import { requireLost } from '../enrolment.ts'
import type { Outranking } from '../recovery.ts'
import { hostOf, type Repo } from '../repos.ts'
import { requirePerson, type Handler, type Parts } from './context.ts'

export const enrol: Handler<OperationInput<'enrol'>> = async (parts, input, context) => {
  const directory = input.checkout ?? input.cwd ?? context.caller.cwd
  if (context.door === 'tcp' || directory === undefined) {
    throw new SkeinError(
      'REPO_UNKNOWN',
      'a repository is enrolled from one of its checkouts on this machine',
      {
        hint: 'cd into the checkout, then: skein enrol',
      },
    )
  }
  const as = input.as ?? input.repo
  const enrolled = await parts.repos.enrol(directory, as === undefined ? null : asRepoId(as))
  const { repo, checkout, isNew } = enrolled
  const generation = repo.host?.loop.view().state.generation ?? 1
  return { repo: repo.id, is_new: isNew, generation, checkout: checkout.root }
}

export const recover: Handler<OperationInput<'recover'>> = async (parts, input, context) => {
  if (input.accept_loss !== true && input.dry_run !== true) {
    throw new SkeinError('INPUT_USAGE', 'a recovery loses what nobody left knows', {
      hint: 'skein recover --dry-run shows what; then: skein recover --accept-loss',
    })
  }
  const isMeant = input.dry_run !== true
  if (isMeant) requirePerson(parts, input, context)
  // Without the mesh ledger no repository's could be entered anew.
  const missing = parts.recovery.missingIn(parts.mesh.host)
  const { repo } = missing === null ? await parts.callers.place(input, context) : { repo: null }
  const outranking = await parts.recovery.askRemotes(repo === null ? parts.repos.all() : [repo])
  const wish = { isMeant, outranking }
  const recovered =
    repo === null
      ? recoverMesh(parts, missing ?? [], wish)
      : await (repo.host === null ? recoverLog : recoverRepo)(parts, repo, wish)
  return { ...recovered, unread: [...outranking.unread] }
}

type Recovered = OperationResult<'recover'>

interface Wish {
  /** False: only shown. */
  readonly isMeant: boolean
  /** The remotes would refuse what a ledger of a lower generation grants. */
  readonly outranking: Outranking
}

/** This machine goes on alone, with all that it knows. */
function recoverMesh(
  { mesh, recovery, startAgain }: Parts,
  missing: Recovered['missing'],
  { isMeant, outranking }: Wish,
): Recovered {
  const carried = recovery.carried().map(({ repo, claims }) => ({ repo, claims: claims.length }))
  if (isMeant) {
    recovery.noteGenerations(outranking)
    recovery.leaveLost()
    startAgain()
  }
  return {
    ...{ what: 'mesh', done: isMeant, mesh: mesh.id, repo: null, generation: null, kept_at: null },
    missing: [...missing],
    carried,
  }
}

/**
 * Its voters are gone, and the mesh can still say which ledger comes in its place; or they are here, and the remotes know one that
 * came later: of machines that this one has not joined, which a person now says are gone.
 */
async function recoverRepo(
  { mesh, recovery, repos }: Parts,
  repo: Repo,
  { isMeant, outranking }: Wish,
): Promise<Recovered> {
  const host = hostOf(repo)
  const missing = recovery.missingIn(host)
  const { generation: own, hash } = host.genesis
  const told = outranking.ledgers.get(repo.id)
  const isOutranked = told !== undefined && told.genesis !== hash && told.generation >= own
  if (missing === null && !isOutranked) {
    throw new SkeinError(
      'FORBIDDEN',
      `a majority of the voters of ${repo.id} can be reached: nothing is lost`,
      { hint: 'skein leader' },
    )
  }
  const claims = heldIn(host).length
  const about = {
    ...({ what: 'repo', mesh: mesh.id, repo: repo.id } as const),
    missing: [...(missing ?? [])],
  }
  const carried = [{ repo: repo.id, claims }]
  if (!isMeant) {
    const generation = Math.max(own, told?.generation ?? 0) + 1
    return { ...about, done: false, generation, kept_at: null, carried }
  }
  recovery.noteGenerations(outranking)
  const { generation, isMine, keptAt } = await repos.beginAnew(repo.id)
  return {
    ...{ ...about, done: true, generation, kept_at: keptAt },
    // Another machine was first, with what it knew.
    carried: isMine ? carried : [],
  }
}

async function recoverLog(
  { mesh, recovery, repos }: Parts,
  repo: Repo,
  { isMeant, outranking }: Wish,
): Promise<Recovered> {
  requireLost(mesh.state().repos.get(repo.id), repo, mesh.self)
  const told = { what: 'log', mesh: mesh.id, repo: repo.id } as const
  const nothing = { missing: [], carried: [] }
  if (!isMeant) return { ...told, ...nothing, done: false, generation: null, kept_at: null }
  recovery.noteGenerations(outranking)
  const { generation, keptAt } = await repos.recover(repo.id)
  return { ...told, ...nothing, done: true, generation, kept_at: keptAt }
}
