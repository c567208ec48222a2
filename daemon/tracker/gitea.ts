// Gitea's API, version 1; Forgejo's is the same.
import { SkeinError } from '../../protocol/index.ts'
import { VERSION } from '../version.ts'
import type { MergeRefusal } from '../ports-tracker.ts'
import type { ForgeClient } from './client.ts'
import type { Dialect, MergeRefused } from './dialect.ts'
import { ownName } from './own-name.ts'
import { labelSchema, userSchema, type ForgePull } from './schemas.ts'

/** Whoever may write to a repository with more is an organisation, of which the first thousand count. */
const WRITERS = { pagesMax: 20 } as const
const LABELS = { pagesMax: 10 } as const
/** As GitHub gives one that is created by its name. */
const LABEL_COLOR = '#ededed'

export const gitea: Dialect = {
  kind: 'gitea',
  tokenEnv: 'GITEA_TOKEN',
  // Its own bound, unless whoever runs it set another.
  page: { key: 'limit', size: 50 },
  issues: {},
  comments: { pagesMax: 20, isWhole: true },
  apiOf(url) {
    const base = (url?.href ?? '').replace(/[?#].*$/, '').replace(/\/+$/, '')
    return new URL(/\/api\/v1$/.test(base) ? `${base}/` : `${base}/api/v1/`)
  },
  headersOf: (token) => ({
    ...(token === null ? {} : { authorization: `token ${token}` }),
    accept: 'application/json',
    'user-agent': `skein/${VERSION}`,
  }),
  pullsOf: () => ({}),
  async isTrusted(client, { user }, signal) {
    const login = user?.login
    if (login === undefined) return false
    return login === (await ownName(client, signal)) || (await isWriter(client, login, signal))
  },
  labelsOf,
  mergeOf: ({ number, method, expectedHead }) => ({
    method: 'POST',
    where: `pulls/${String(number)}/merge`,
    body: { Do: method, head_commit_id: expectedHead, delete_branch_after_merge: false },
  }),
  refusalOf: giteaRefusal,
}

interface Known {
  readonly untilMs: number
  readonly logins: ReadonlySet<string>
}

/** Asked once for a list, however many issues in it give orders. */
const WRITERS_KEPT_MS = 60_000
const writers = new WeakMap<ForgeClient, Known>()

async function isWriter(client: ForgeClient, login: string, signal: AbortSignal): Promise<boolean> {
  const known = writers.get(client)
  if (known !== undefined && client.now() < known.untilMs) return known.logins.has(login)
  const logins = await askWriters(client, signal)
  writers.set(client, { untilMs: client.now() + WRITERS_KEPT_MS, logins })
  return logins.has(login)
}

/** Those whom an issue may be assigned to are those who may write; who may not ask for them trusts nobody. */
async function askWriters(client: ForgeClient, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    const { items } = await client.list('assignees', userSchema, WRITERS, signal)
    return new Set(items.map((user) => user.login))
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'TRACKER_REFUSED') return new Set()
    throw error
  }
}

async function labelsOf(
  client: ForgeClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly number[]> {
  if (names.length === 0) return []
  const { items } = await client.list('labels', labelSchema, LABELS, signal)
  const ids: number[] = []
  for (const name of names) {
    const known = items.find((label) => label.name === name)?.id
    const id = known ?? (await createLabel(client, name, signal))
    if (id !== null) ids.push(id)
  }
  return ids
}

async function createLabel(
  client: ForgeClient,
  name: string,
  signal: AbortSignal,
): Promise<number | null> {
  const written = await client.write('POST', 'labels', { name, color: LABEL_COLOR }, signal)
  if (written.kind === 'unclear') throw written.error
  return written.kind === 'refused' ? null : client.read('labels', written.body, labelSchema).id
}

function giteaRefusal({ status, said }: MergeRefused, pull: ForgePull): MergeRefusal {
  // 423: the repository is archived.
  if (status === 403 || status === 404 || status === 423) return 'forbidden'
  if (status === 409 && /out of date/i.test(said)) return 'moved'
  // A hook of the forge refused the push.
  if (status === 409) return /reject/i.test(said) ? 'other' : 'conflict'
  if (status !== 405) return 'other'
  if (/user not allowed/i.test(said)) return 'forbidden'
  if (/work in progress/i.test(said)) return 'draft'
  if (/merge style/i.test(said)) return 'method'
  // It says the same of one that it still looks at and of one with a conflict.
  if (/try again later|checking/i.test(said)) return pull.mergeable === true ? 'moved' : 'unready'
  return 'checks'
}
