// Whether the remotes of a clone can fence, asked once when its pushes are first sent through skein: by a push of two refs that
// are gone again at once. Nobody is asked for a password, and a remote that is away holds nothing up for long.
import { probeRemote, type Probed } from '../fence/probe.ts'
import { readFencing } from '../fence/wiring.ts'
import type { Checkout } from '../git.ts'
import { createQuietGit, createUserGit } from '../git-user.ts'

const PROBE_MS_MAX = 15_000

/** @returns a line for each remote. */
export async function askRemotes(
  { root, commonDir }: Checkout,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const remotes = (await readFencing(createUserGit(root, env))).filter(({ isFenced }) => isFenced)
  return Promise.all(
    remotes.map(async ({ remote, url }) => {
      try {
        const git = await createQuietGit(root, env, AbortSignal.timeout(PROBE_MS_MAX))
        return told(remote, await probeRemote(git, remote, url, commonDir))
      } catch (error) {
        return told(remote, { kind: 'unreachable', why: String(error) })
      }
    }),
  )
}

function told(remote: string, probed: Probed): string {
  switch (probed.kind) {
    case 'fences':
      return `The remote ${remote} can fence pushes.`
    case 'refuses':
      return `The remote ${remote} cannot fence pushes (${probed.why}): the daemon's own check is what remains.`
    case 'unreachable':
      return `The remote ${remote} could not be asked whether it can fence pushes; the first push finds out.`
  }
}
