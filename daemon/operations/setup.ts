// The operations that begin a repository's ledger: enrolment, and recovery after a loss.
import { asRepoId, SkeinError, type OperationInput } from '../../protocol/index.ts'
import { requirePerson, type Handler } from './context.ts'

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
  if (input.accept_loss !== true) {
    throw new SkeinError('INPUT_USAGE', 'a recovery loses what the ledger held', {
      hint: 'Restore its log from a backup, or: skein recover --accept-loss',
    })
  }
  requirePerson(parts, input, context)
  const { repo } = await parts.callers.place(input, context)
  const { generation, keptAt } = await parts.repos.recover(repo.id)
  return { repo: repo.id, generation, kept_at: keptAt }
}
