// The settings that send a clone's pushes through the helper: `url."skein::URL".pushInsteadOf = URL`, or where a remote has a
// `pushurl` of its own, that one with `skein::` before it. In the clone's own config only; fetches stay as they are, and so do
// the user's other settings. Putting them in twice and taking them out twice is fine.
import type { UserGit } from '../git-user.ts'
import { baseOf, parseSettings, PREFIX, type Setting } from './address.ts'

export interface FencedRemote {
  readonly remote: string
  /** As the clone's config has it, without our prefix. */
  readonly url: string
  readonly how: 'pushInsteadOf' | 'pushurl'
  readonly isFenced: boolean
}

/** A change of the clone's config, as arguments of `git config`. */
export type ConfigChange = readonly string[]

/** Where each remote's pushes go now. */
export async function readFencing(git: UserGit): Promise<readonly FencedRemote[]> {
  const settings = await localSettings(git)
  return remotesIn(settings).flatMap((remote): FencedRemote[] => {
    const pushUrls = valuesOf(settings, `remote.${remote}.pushurl`)
    if (pushUrls.length > 0) {
      return pushUrls.map((url) => {
        const isFenced = url.startsWith(PREFIX)
        return { remote, url: isFenced ? url.slice(PREFIX.length) : url, how: 'pushurl', isFenced }
      })
    }
    return valuesOf(settings, `remote.${remote}.url`)
      .filter((url) => url !== '' && !url.startsWith(PREFIX))
      .map((url) => {
        const isFenced = valuesOf(settings, keyOf(url)).includes(url)
        return { remote, url, how: 'pushInsteadOf', isFenced }
      })
  })
}

/** What is to change so that all remotes, or these, are pushed to through the helper; empty when they are. */
export async function planFencing(
  git: UserGit,
  only?: readonly string[],
): Promise<readonly ConfigChange[]> {
  const wanted = (await readFencing(git)).filter(
    ({ isFenced, remote }) => !isFenced && (only === undefined || only.includes(remote)),
  )
  const changes = wanted.map(({ remote, url, how }) =>
    how === 'pushurl'
      ? ['--fixed-value', '--replace-all', `remote.${remote}.pushurl`, PREFIX + url, url]
      : ['--add', `url.${baseOf(url)}.pushInsteadOf`, url],
  )
  // Two remotes with one address share its setting.
  return [...new Map(changes.map((change) => [change.join('\0'), change])).values()]
}

/** What is to change so that nothing of ours is left. */
export async function planUnfencing(git: UserGit): Promise<readonly ConfigChange[]> {
  const settings = await localSettings(git)
  const keys = new Set(
    settings
      .map(({ key }) => key)
      .filter((key) => key.startsWith(`url.${PREFIX}`) && key.endsWith('.pushinsteadof')),
  )
  const pushUrls = settings.filter(
    ({ key, value }) => /^remote\..*\.pushurl$/s.test(key) && value.startsWith(PREFIX),
  )
  return [
    ...[...keys].map((key) => ['--unset-all', key]),
    ...pushUrls.map(({ key, value }) => [
      ...['--fixed-value', '--replace-all', key],
      ...[value.slice(PREFIX.length), value],
    ]),
  ]
}

/** @throws GitFailed when the config cannot be written; what was changed before stays, and doing it again goes on there. */
export async function applyChanges(git: UserGit, changes: readonly ConfigChange[]): Promise<void> {
  for (const change of changes) await git.read(['config', '--local', ...change])
}

async function localSettings(git: UserGit): Promise<readonly Setting[]> {
  const pattern = '^(url\\..*\\.pushinsteadof|remote\\..*\\.(url|pushurl))$'
  const ran = await git.run(['config', '--local', '--null', '--get-regexp', pattern])
  return ran.code === 0 ? parseSettings(ran.stdout) : []
}

function remotesIn(settings: readonly Setting[]): readonly string[] {
  const names = settings.flatMap(
    ({ key }) => /^remote\.(.+)\.(?:url|pushurl)$/s.exec(key)?.[1] ?? [],
  )
  return [...new Set(names)]
}

function valuesOf(settings: readonly Setting[], key: string): readonly string[] {
  return settings.filter((setting) => setting.key === key).map(({ value }) => value)
}

function keyOf(url: string): string {
  return `url.${baseOf(url)}.pushinsteadof`
}
