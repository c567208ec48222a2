// `skein push`: git's own push, with every remote of the clone sent through the helper for this once. What the clone's config has
// put there for good is done again, to no harm.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { baseOf, PREFIX } from '../fence/address.ts'
import { readFencing } from '../fence/wiring.ts'
import { createUserGit } from '../git-user.ts'
import { helperFolder } from './helper-folder.ts'

export interface HandPush {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  /** The helper, as words that start it. */
  readonly helper: readonly string[]
}

/** @returns git's exit code. */
export async function pushByHand({ words, env, cwd, home, helper }: HandPush): Promise<number> {
  const git = createUserGit(cwd, env)
  const remotes = (await readFencing(git)).filter(({ isFenced }) => !isFenced)
  const settings = remotes.map(({ url, how }): [string, string] =>
    // An explicit pushurl knows no pushInsteadOf.
    how === 'pushurl'
      ? [`url.${PREFIX}${url}.insteadOf`, url]
      : [`url.${baseOf(url)}.pushInsteadOf`, url],
  )
  const count = Number(env['GIT_CONFIG_COUNT'] ?? '0')
  const more = settings.flatMap(([key, value], at): [string, string][] => [
    [`GIT_CONFIG_KEY_${String(count + at)}`, key],
    [`GIT_CONFIG_VALUE_${String(count + at)}`, value],
  ])
  const bin = helperFolder(home, helper)
  const child = spawn('git', ['push', ...words], {
    cwd,
    env: {
      ...env,
      ...Object.fromEntries(more),
      GIT_CONFIG_COUNT: String(count + settings.length),
      PATH: `${bin}${path.delimiter}${env['PATH'] ?? ''}`,
    },
    stdio: 'inherit',
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve(code ?? 1)
    })
  })
}
