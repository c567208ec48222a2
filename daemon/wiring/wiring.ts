// The wiring of a checkout, as the command line is given it: look, then write.
import { SkeinError } from '../../protocol/index.ts'
import { TOOLS, type Wiring, type WiringPlan } from '../cli/setup.ts'
import { trustHooks } from '../canary/codex-trust.ts'
import { applyChanges } from '../fence/wiring.ts'
import { createGit } from '../git.ts'
import { createGitConfig } from '../git-config.ts'
import { createUserGit } from '../git-user.ts'
import { applyChange } from './apply.ts'
import { makePlan } from './plan.ts'
import { askRemotes } from './probing.ts'
import { forgetAll, rememberChanges } from './record.ts'
import { findProgram } from '../path-programs.ts'
import { endService } from './service.ts'

export function createWiring(env: Readonly<Record<string, string | undefined>>): Wiring {
  const git = createGit(env)
  const config = createGitConfig(env)
  const checkoutOf = async (folder: string) => {
    const checkout = await git.findCheckout(folder)
    if (checkout !== null) return checkout
    throw new SkeinError('REPO_NOT_GIT', `${folder} is not inside a git repository.`)
  }
  return {
    plan: async (order) =>
      makePlan(order, { checkout: await checkoutOf(order.folder), config, env }),
    async apply(plan: WiringPlan) {
      const checkout = await checkoutOf(plan.root)
      const isEnd = plan.act === 'uninstall'
      const done: string[] = []
      if (isEnd) done.push(...(await endService(plan, env)))
      // A setting never outlives what it needs: it comes last and goes first.
      const settings = plan.settings.map(({ words }) => words)
      const userGit = createUserGit(plan.root, env)
      if (isEnd) await applyChanges(userGit, settings)
      // Before the files: a crash in between leaves a record that fits none of them, and says nothing.
      const record = isEnd ? null : rememberChanges(checkout, plan.changes)
      if (record !== null) applyChange(record)
      for (const change of plan.changes) applyChange(change)
      const isWhole = isEnd && plan.tools.length === TOOLS.length
      const forgotten = isWhole ? forgetAll(checkout) : null
      if (forgotten !== null) applyChange(forgotten)
      if (!isEnd && settings.length > 0) {
        await applyChanges(userGit, settings)
        done.push(...(await askRemotes(checkout, env)))
      }
      return done
    },
    trustCodex: (root) => trustCodex(root, env),
  }
}

async function trustCodex(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const hint = 'Start codex here, trust the folder, then review the hooks with /hooks.'
  const program = findProgram('codex', env)
  if (program === null) throw new SkeinError('NOT_FOUND', 'No `codex` is on the PATH.', { hint })
  try {
    return await trustHooks(program, root, env)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SkeinError('NOT_FOUND', `Codex did not trust the hooks (${why}).`, { cause, hint })
  }
}
