// Where a remote's address leads: which host, and which repository there. Nothing of it that may be a secret is kept.
import { asRepoId, isRepoId, type RepoId } from '../protocol/index.ts'

export interface RemotePlace {
  /** In lower case, without a port: ssh and http of one forge have different ones. */
  readonly host: string
  /** `owner/name`, with all the groups that stand before the name. */
  readonly repo: RepoId
}

/** Null for addresses that name no owner, such as folders. */
export function remotePlaceOf(url: string): RemotePlace | null {
  const found = partsOf(url.trim())
  if (found === null) return null
  const parts = found.path.split('/').filter((part) => part !== '' && part !== '~')
  const repo = parts.join('/').replace(/\.git$/, '')
  return isRepoId(repo) ? { host: found.host.toLowerCase(), repo: asRepoId(repo) } : null
}

function partsOf(url: string): { readonly host: string; readonly path: string } | null {
  if (/^(?:ssh|git\+ssh|https?|git):\/\//i.test(url)) {
    if (!URL.canParse(url)) return null
    const { hostname, pathname } = new URL(url)
    return { host: hostname, path: decodePath(pathname) }
  }
  if (url.includes('://')) return null
  // scp's form, `git@host:owner/name.git`; a colon after a slash belongs to a folder's name, two name a remote helper.
  const [, host, path] = /^(?:[^/:\s@]*@)?(\[[^\]]*\]|[^/:\s]+):(?!:)(.+)$/.exec(url) ?? []
  return host === undefined || path === undefined ? null : { host, path }
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
