// The operations that begin a repository's ledger: enrolment, and recovery after a loss.
import {
  asRepoId,
  SkeinError,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { heldIn } from '../carried.ts'
import { requireLost } from '../enrolment.ts'
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
  if (missing !== null) return recoverMesh(parts, missing, isMeant)
  const { repo } = await parts.callers.place(input, context)
  return repo.host === null ? recoverLog(parts, repo, isMeant) : recoverRepo(parts, repo, isMeant)
}

type Recovered = OperationResult<'recover'>

/** This machine goes on alone, with all that it knows. */
function recoverMesh(
  { mesh, recovery, startAgain }: Parts,
  missing: Recovered['missing'],
  isMeant: boolean,
): Recovered {
  const carried = recovery.carried().map(({ repo, claims }) => ({ repo, claims: claims.length }))
  if (isMeant) {
    recovery.leaveLost()
    startAgain()
  }
  return {
    ...{ what: 'mesh', done: isMeant, mesh: mesh.id, repo: null, generation: null, kept_at: null },
    missing: [...missing],
    carried,
  }
}

/** Its voters are gone; the mesh can still say which ledger comes in its place. */
async function recoverRepo(
  { mesh, recovery, repos }: Parts,
  repo: Repo,
  isMeant: boolean,
): Promise<Recovered> {
  const host = hostOf(repo)
  const missing = recovery.missingIn(host)
  if (missing === null) {
    throw new SkeinError(
      'FORBIDDEN',
      `a majority of the voters of ${repo.id} can be reached: nothing is lost`,
      { hint: 'skein leader' },
    )
  }
  const claims = heldIn(host).length
  const told = { what: 'repo', mesh: mesh.id, repo: repo.id, missing: [...missing] } as const
  const carried = [{ repo: repo.id, claims }]
  if (!isMeant) {
    const generation = host.genesis.generation + 1
    return { ...told, done: false, generation, kept_at: null, carried }
  }
  const { generation, isMine, keptAt } = await repos.beginAnew(repo.id)
  return {
    ...{ ...told, done: true, generation, kept_at: keptAt },
    // Another machine was first, with what it knew.
    carried: isMine ? carried : [],
  }
}

async function recoverLog(
  { mesh, repos }: Parts,
  repo: Repo,
  isMeant: boolean,
): Promise<Recovered> {
  requireLost(mesh.state().repos.get(repo.id), repo, mesh.self)
  const told = { what: 'log', mesh: mesh.id, repo: repo.id, missing: [], carried: [] } as const
  if (!isMeant)
    return { ...told, missing: [], carried: [], done: false, generation: null, kept_at: null }
  const { generation, keptAt } = await repos.recover(repo.id)
  return { ...told, missing: [], carried: [], done: true, generation, kept_at: keptAt }
}
