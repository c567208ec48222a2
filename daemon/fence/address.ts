// Where a fenced push really goes. A clone's own setting sends its pushes to `skein::ADDRESS`, which starts the helper; the
// helper's own git must not meet that setting again, and must go where the user's other settings would have sent it.
import type { UserGit } from '../git-user.ts'

/** What stands before an address that is pushed to through the helper. */
export const PREFIX = 'skein::'

export interface Address {
  /** With the user's rewrites, without ours. */
  readonly url: string
  /** `remote.NAME.receivepack`: the program at the other end. */
  readonly receivePack: string | null
}

/** Stands for the address in the helper's own commands; one setting turns it into the address, and no other matches it. */
export const ALIAS = 'skein-plain:'

/**
 * The base that stands for an address in a clone's config. git prints it as it is, so it has no password in it, and over http
 * no name either: that may be a token.
 */
export function baseOf(url: string): string {
  const web = url.replace(/^(https?:\/\/)[^@/]*@/i, '$1')
  return PREFIX + web.replace(/^([a-z][a-z0-9+.-]*:\/\/[^@/:]*):[^@/]*@/i, '$1@')
}

/** The setting that makes the alias mean the address. */
export function aliasSetting({ url }: Address): readonly [string, string] {
  return [`url.${url}.insteadOf`, ALIAS]
}

/** @param remote the name as git gives it to the helper, or the address itself. */
export async function findAddress(git: UserGit, remote: string, url: string): Promise<Address> {
  const pattern = '^(url\\..*\\.(insteadof|pushinsteadof)|remote\\..*\\.(pushurl|receivepack))$'
  const ran = await git.run(['config', '--null', '--get-regexp', pattern])
  const settings = ran.code === 0 ? parseSettings(ran.stdout) : []
  const valuesOf = (key: string): string[] =>
    settings.filter((setting) => setting.key === key).map(({ value }) => value)
  // An explicit pushurl is not rewritten by pushInsteadOf.
  // The address that helper and messages show has no password; the setting knows the whole of it.
  const [whole = url] = valuesOf(`url.${PREFIX}${url}.pushinsteadof`)
  const pushUrls = valuesOf(`remote.${remote}.pushurl`)
  const isExplicit = pushUrls.includes(PREFIX + url) || pushUrls.includes(url)
  return {
    url: rewrite(whole, settings, isExplicit),
    receivePack: valuesOf(`remote.${remote}.receivepack`).at(-1) ?? null,
  }
}

export interface Setting {
  /** Section and name in lower case, what stands between as it is. */
  readonly key: string
  readonly value: string
}

export function parseSettings(text: string): readonly Setting[] {
  return text.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n')
    return end < 0 ? [] : [{ key: entry.slice(0, end), value: entry.slice(end + 1) }]
  })
}

/** As git rewrites an address that it pushes to; our own settings left out. */
export function rewrite(url: string, settings: readonly Setting[], isExplicit: boolean): string {
  const push = isExplicit ? null : longest(url, settings, 'pushinsteadof')
  return push ?? longest(url, settings, 'insteadof') ?? url
}

function longest(url: string, settings: readonly Setting[], name: string): string | null {
  let best: { readonly base: string; readonly length: number } | null = null
  for (const { key, value } of settings) {
    if (!key.startsWith('url.') || !key.endsWith(`.${name}`)) continue
    const base = key.slice('url.'.length, -1 - name.length)
    if (base.startsWith(PREFIX) || !url.startsWith(value)) continue
    if (best === null || value.length > best.length) best = { base, length: value.length }
  }
  return best === null ? null : best.base + url.slice(best.length)
}
