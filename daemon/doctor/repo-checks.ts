// What skein needs of a checkout: its file, its ledger, git hooks, and pushes that go through the fence.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Check } from '../cli/setup.ts'
import { loadRepoConfig } from '../config.ts'
import { findAddress } from '../fence/address.ts'
import { readKnown } from '../fence/known.ts'
import { readFencing } from '../fence/wiring.ts'
import type { Checkout, Git } from '../git.ts'
import type { GitConfig } from '../git-config.ts'
import { createUserGit } from '../git-user.ts'
import { HOOK_NAMES, findHooks, stateOfHook } from '../wiring/git-hooks.ts'
import { usesLfs } from '../wiring/lfs.ts'
import { fail, looked, ok, warn } from './check.ts'
import type { Status } from './machine-checks.ts'

export interface RepoSurroundings {
  readonly checkout: Checkout
  readonly git: Git
  readonly config: GitConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly status: Status | null
}

export async function checkRepo(around: RepoSurroundings): Promise<readonly Check[]> {
  const parts = await Promise.all([
    looked('.skein.yml', () => [checkFile(around.checkout)]),
    looked('ledger', () => checkLedger(around)),
    looked('git hooks', () => checkHooks(around)),
    looked('push', async () => [await checkPush(around)]),
  ])
  return parts.flat()
}

function checkFile({ root }: Checkout): Check {
  if (!existsSync(path.join(root, '.skein.yml'))) {
    return fail('.skein.yml', `${root} has none`, 'skein init')
  }
  const { repo } = loadRepoConfig(root)
  return ok('.skein.yml', repo ?? 'valid')
}

async function checkLedger({ checkout, git, status }: RepoSurroundings): Promise<readonly Check[]> {
  if (status === null) return []
  const id = await git.repoIdOf(checkout, loadRepoConfig(checkout.root))
  const repo = status.repos.find((each) => each.id === id)
  // The first claim enrols it, unless this machine's config.yml says otherwise.
  if (repo === undefined) return [warn('ledger', `${id} is not enrolled here yet`, 'skein enrol')]
  if (repo.problem !== null) return [fail('ledger', repo.problem, 'skein logs')]
  if (!repo.quorum) return [fail('ledger', 'no majority of its voters answers', 'skein members')]
  return [ok('ledger', `${id}, led by ${repo.leader ?? 'nobody yet'}, term ${String(repo.term)}`)]
}

async function checkHooks({ checkout, config }: RepoSurroundings): Promise<readonly Check[]> {
  const place = await findHooks(checkout, config)
  return HOOK_NAMES.map((hook) => {
    const name = `git ${hook}`
    switch (stateOfHook(place, hook)) {
      case 'ours':
      case 'calls-us':
        return ok(name, place.folder)
      case 'outdated':
        return warn(name, 'is of another version', 'skein upgrade')
      case 'not-executable':
        return fail(
          name,
          'cannot be executed, so git skips it',
          `chmod +x ${path.join(place.folder, hook)}`,
        )
      case 'foreign':
        return warn(
          name,
          'does not call skein',
          place.foreign === null ? 'skein init' : `add to it: skein hook ${hook} "$@"`,
        )
      case 'absent':
        return warn(
          name,
          'is not there',
          place.foreign === null ? 'skein init' : `write one that calls: skein hook ${hook} "$@"`,
        )
    }
  })
}

/** Do pushes go through the helper, and did a remote say that it cannot fence? */
async function checkPush({ checkout, env }: RepoSurroundings): Promise<Check> {
  const git = createUserGit(checkout.root, env)
  const remotes = await readFencing(git)
  if (remotes.length === 0) return ok('push', 'there is no remote')
  // init leaves them so: an advice to run it would go round in a circle.
  if (await usesLfs(git)) return ok('push', 'not fenced: git-lfs cannot upload through the helper')
  const open = remotes.filter(({ isFenced }) => !isFenced)
  if (open.length > 0) {
    const names = open.map(({ remote }) => remote).join(', ')
    return warn('push', `a plain git push to ${names} is not fenced in this clone`, 'skein init')
  }
  const known = readKnown(checkout.commonDir)
  for (const { remote, url } of remotes) {
    const refuses = known.remote((await findAddress(git, remote, url)).url)?.refuses ?? null
    if (refuses === null) continue
    const says = `${remote} cannot fence (${refuses}): the daemon's own check is what remains`
    return warn('push', says, 'skein verify --push in CI names what went around it')
  }
  return ok('push', 'goes through the fence')
}
