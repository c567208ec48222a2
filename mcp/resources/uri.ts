// The addresses of resources. A repository's id has a slash, which `{repo}` of a template encodes and people do not: both
// are the same resource.

export type Resource =
  | { readonly kind: 'board' }
  | { readonly kind: 'claims' | 'queue'; readonly repo: string }
  | { readonly kind: 'inbox'; readonly session: string }

export const TEMPLATES = {
  claims: 'skein://claims/{repo}',
  queue: 'skein://queue/{repo}',
  inbox: 'skein://inbox/{session}',
} as const

/** Longer than any that names a repository or a session of ours, however it is encoded. */
const URI_CHARACTERS_MAX = 2_000

/** Null for what is no address of ours. */
export function parseUri(uri: string): Resource | null {
  if (uri.length > URI_CHARACTERS_MAX) return null
  if (uri === 'skein://board' || uri === 'skein://board/') return { kind: 'board' }
  const [, kind, encoded] = /^skein:\/\/(claims|queue|inbox)\/([^?#]+)$/.exec(uri) ?? []
  const name = decode(encoded ?? '')
  if (name === null || name === '') return null
  if (kind === 'claims' || kind === 'queue') return { kind, repo: name }
  return kind === 'inbox' ? { kind, session: name } : null
}

/** As the templates would make it. */
export function uriOf(resource: Resource): string {
  switch (resource.kind) {
    case 'board':
      return 'skein://board'
    case 'claims':
    case 'queue':
      return `skein://${resource.kind}/${encodeURIComponent(resource.repo)}`
    case 'inbox':
      return `skein://inbox/${encodeURIComponent(resource.session)}`
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
