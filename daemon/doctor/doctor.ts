// The doctor, as the command line is given it: it looks at every link between an agent's edit and the daemon's answer.
import { SkeinError } from '../../protocol/index.ts'
import { runCanary } from '../canary/canary.ts'
import { TOOLS, type Doctor, type Patient } from '../cli/setup.ts'
import { createGit, type Checkout } from '../git.ts'
import { createGitConfig } from '../git-config.ts'
import { writeBundle } from './bundle.ts'
import { looked, warn } from './check.ts'
import { checkHarnesses } from './harness-checks.ts'
import { checkHttpHooks } from './http-hooks-check.ts'
import { checkMachine, statusOf } from './machine-checks.ts'
import { checkRepo } from './repo-checks.ts'

export function createDoctor(env: Readonly<Record<string, string | undefined>>): Doctor {
  const git = createGit(env)
  const config = createGitConfig(env)
  const checkoutOf = async ({ folder }: Patient): Promise<Checkout | null> =>
    folder === null ? null : git.findCheckout(folder)
  return {
    async examine(patient) {
      const machine = await checkMachine(patient, env)
      const repo = await looked('repository', async () => {
        const checkout = await checkoutOf(patient)
        if (checkout === null) {
          const says = 'you are not inside a git repository: only this machine was looked at'
          return [warn('repository', says, 'cd REPO && skein doctor')]
        }
        const status = statusOf(patient)
        return [
          ...(await checkRepo({ checkout, git, config, env, status })),
          ...(await looked('harness', () => checkHarnesses(checkout.root, env))),
          ...(await looked('claude http hooks', () => {
            return checkHttpHooks({
              checkout,
              config,
              home: patient.home,
              env,
              http: status?.http ?? null,
            })
          })),
        ]
      })
      return [...machine, ...repo]
    },
    async runCanary(patient, tools, signal) {
      const checkout = await checkoutOf(patient)
      if (checkout === null)
        throw new SkeinError('REPO_NOT_GIT', 'You are not inside a git repository.')
      const { root } = checkout
      const isIgnored = (file: string): Promise<boolean> => config.isIgnored(checkout, file)
      return runCanary({ tools: tools ?? TOOLS, root, home: patient.home, env, signal, isIgnored })
    },
    writeBundle(file, patient, checks) {
      writeBundle(file, patient, checks)
      return Promise.resolve()
    },
  }
}
