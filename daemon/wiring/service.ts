// The user service as a part of `init --service` and `uninstall --service`. `skein service` has more to say about it.
import type { WiringOrder, WiringPlan } from '../cli/setup.ts'
import { createUserService } from '../service/service.ts'

type Environment = Readonly<Record<string, string | undefined>>

export async function planService(
  { act, self, folder }: WiringOrder,
  env: Environment,
): Promise<Pick<WiringPlan, 'changes' | 'problems' | 'notes'>> {
  const service = createUserService({ env, self, cwd: folder })
  if (service === null) {
    const note = `On ${process.platform} skein knows no service manager: start \`skein up\` yourself.`
    return { changes: [], problems: [], notes: [note] }
  }
  const { change, problem } = await service.plan(act === 'uninstall' ? 'uninstall' : 'install')
  return {
    changes: change === null ? [] : [change],
    problems: problem === null ? [] : [problem],
    notes: [],
  }
}

/** Before its file goes. @returns what was done, in words. */
export async function endService(plan: WiringPlan, env: Environment): Promise<readonly string[]> {
  const service = createUserService({ env, self: [], cwd: plan.root })
  if (service === null || !plan.changes.some(({ file }) => file === service.file)) return []
  if ((await service.askManager()) === null) return [`No ${service.manager} of yours answers here.`]
  const { said, problem } = await service.turnOff()
  return problem === null ? said : [`${problem.says}; ${problem.hint}`]
}
