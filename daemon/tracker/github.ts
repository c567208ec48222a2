// GitHub's REST API, version 2022-11-28; GitHub Enterprise speaks it below /api/v3.
import { VERSION } from '../version.ts'
import type { MergeRefusal } from '../ports-tracker.ts'
import type { Dialect, MergeRefused } from './dialect.ts'
import { ownName } from './own-name.ts'
import type { ForgePull } from './schemas.ts'

/** They may write to the repository, or were let into its organisation. */
const INSIDERS = ['OWNER', 'MEMBER', 'COLLABORATOR']
const PUBLIC_API = 'https://api.github.com/'

export const github: Dialect = {
  kind: 'github',
  tokenEnv: 'GITHUB_TOKEN',
  page: { key: 'per_page', size: 100 },
  issues: { sort: 'created', direction: 'asc' },
  // An issue with more is a forum: what is ours would be read from its end, which the API does not give.
  comments: { pagesMax: 20 },
  apiOf(url) {
    if (url === null || url.hostname === 'github.com' || url.hostname === 'api.github.com')
      return new URL(PUBLIC_API)
    const base = url.href.replace(/[?#].*$/, '').replace(/\/+$/, '')
    return new URL(/\/api\/v3$/.test(base) ? `${base}/` : `${base}/api/v3/`)
  },
  headersOf: (token) => ({
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    accept: 'application/vnd.github+json',
    'user-agent': `skein/${VERSION}`,
    'x-github-api-version': '2022-11-28',
  }),
  pullsOf: (owner, branch) => ({ head: `${owner}:${branch}` }),
  async isTrusted(client, { user, author_association: association }, signal) {
    if (INSIDERS.includes(association ?? '')) return true
    const own = await ownName(client, signal)
    // The token of a workflow or of an app may not ask whose it is, and belongs to a bot that a person let in.
    return own === null ? user?.type === 'Bot' : user?.login === own
  },
  labelsOf: (_client, names) => Promise.resolve(names),
  mergeOf: ({ number, method, expectedHead }) => ({
    method: 'PUT',
    where: `pulls/${String(number)}/merge`,
    body: { merge_method: method, sha: expectedHead },
  }),
  refusalOf: githubRefusal,
}

function githubRefusal({ status, said }: MergeRefused, pull: ForgePull): MergeRefusal {
  if (status === 403 || status === 404) return 'forbidden'
  if (status === 409 || /base branch was modified/i.test(said)) return 'moved'
  if (/merges? (?:are|is) not allowed|merge method/i.test(said)) return 'method'
  if (status !== 405) return 'other'
  const { mergeable, mergeable_state: state } = pull
  if (mergeable === false || state === 'dirty') return 'conflict'
  if (mergeable !== true) return 'unready'
  // The base has commits that the head must have first.
  if (state === 'behind') return 'moved'
  return state === 'clean' ? 'other' : 'checks'
}
