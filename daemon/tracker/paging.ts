// The pages of a list: which comes next, and what is known of those that have not changed.
import type { Answer } from './answers.ts'

/** The pages of a repository with some lists of a thousand entries. */
const PAGES_REMEMBERED = 64
const BYTES_REMEMBERED = 16 * 1024 * 1024
const QUERY_CHARACTERS_MAX = 1_000
const NEXT = /<([^<>]{1,4000})>\s*;\s*rel="?next"?/

/**
 * Where the next page is: by its link (RFC 8288), else by the count of all, else where this one is full. Of a link only the query
 * counts: a forge sends nobody, and no token, elsewhere.
 */
export function nextPage(
  place: URL,
  page: number,
  headers: Answer['headers'],
  { seen, isFull }: { readonly seen: number; readonly isFull: boolean },
): URL | null {
  const next = new URL(place)
  const { link, 'x-total-count': total } = headers
  if (link !== undefined) {
    const [, target] = NEXT.exec(link) ?? []
    const query = target === undefined ? null : queryOf(target, place)
    if (query === null || query === place.search) return null
    next.search = query
    return next
  }
  const isMore = total !== undefined && /^\d{1,9}$/.test(total) ? seen < Number(total) : isFull
  if (!isMore) return null
  next.searchParams.set('page', String(page + 1))
  return next
}

function queryOf(target: string, place: URL): string | null {
  if (!URL.canParse(target, place.href)) return null
  const { search } = new URL(target, place)
  return search.length <= QUERY_CHARACTERS_MAX ? search : null
}

/** A page that has not changed may not be the last any more: whether there is a next one is not taken from before. */
export function renewed(before: Answer, now: Answer): Answer {
  const { link, ...others } = before.headers
  const kept = link !== undefined && NEXT.test(link) ? { link } : {}
  return { ...before, headers: { ...others, ...kept, ...now.headers } }
}

export interface PageCache {
  get(href: string): { readonly etag: string; readonly answer: Answer } | undefined
  keep(href: string, answer: Answer): void
}

/** The pages used last, by address. */
export function createPageCache(): PageCache {
  const known = new Map<string, { readonly etag: string; readonly answer: Answer }>()
  let bytes = 0
  const drop = (href: string): void => {
    bytes -= known.get(href)?.answer.body.length ?? 0
    known.delete(href)
  }
  return {
    get: (href) => known.get(href),
    keep(href, answer) {
      drop(href)
      const { etag } = answer.headers
      if (answer.status !== 200 || etag === undefined) return
      known.set(href, { etag, answer })
      bytes += answer.body.length
      for (const oldest of known.keys()) {
        if (known.size <= PAGES_REMEMBERED && bytes <= BYTES_REMEMBERED) return
        drop(oldest)
      }
    },
  }
}
