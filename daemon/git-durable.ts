// How git is told to write what it makes through to the disk. Loose objects it leaves to chance otherwise: after a loss of power a
// ref may name a commit that is empty.
import type { Run, RunOptions } from './git-process.ts'

/** Variables for a run of git that writes objects. Before 2.36 it knows another word for it. */
export async function durably(
  run: Run,
  root: string,
  signal: AbortSignal | undefined,
): Promise<NonNullable<RunOptions['variables']>> {
  const answer = (await run(root, ['version'], { signal })) ?? ''
  const [, major = '', minor = ''] = /^git version (\d+)\.(\d+)/.exec(answer) ?? []
  const isOld = major === '2' && Number(minor) < 36
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: isOld ? 'core.fsyncObjectFiles' : 'core.fsync',
    GIT_CONFIG_VALUE_0: isOld ? 'true' : 'all',
  }
}
