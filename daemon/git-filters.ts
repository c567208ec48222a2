// How git is kept from running the filters of a checkout. Where a file's stamp is as young as the index's, git reads the file to tell
// whether it has changed, through whatever `filter.NAME.clean` says: a program that a repository may have named.
import type { Run } from './git-process.ts'

type Variables = Readonly<Record<`GIT_${string}`, string>>

/** Variables by which each filter that is configured there is none. */
export async function withoutFilters(
  run: Run,
  root: string,
  signal: AbortSignal | undefined,
): Promise<Variables> {
  const args = ['config', '--null', '--name-only', '--get-regexp', '^filter\\.']
  // It exits with 1, and says nothing, when there is none.
  const answer = (await run(root, args, { signal, refusals: /^$/ })) ?? ''
  const keys = answer.split('\0').filter((key) => key !== '')
  const names = new Set(keys.map((key) => key.slice(0, key.lastIndexOf('.'))))
  const settings = [...names].flatMap((name) => [
    [`${name}.clean`, ''],
    [`${name}.process`, ''],
    [`${name}.required`, 'false'],
  ])
  return {
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key = '', value = ''], at) => [
        [`GIT_CONFIG_KEY_${String(at)}`, key],
        [`GIT_CONFIG_VALUE_${String(at)}`, value],
      ]),
    ),
  }
}
