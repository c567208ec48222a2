// The pull requests of a forge: opened once for a branch and a target, found by number or branch.
import type { NewPullRequest, PullRequest } from '../ports-tracker.ts'
import type { Forge } from './issues.ts'
import { pullSchema, type ForgePull } from './schemas.ts'
import { lineOf, linkOf } from './text.ts'

/** Of GitHub one page is all of a branch's; of Gitea a thousand pull requests are looked through. */
const PAGES_MAX = 20
const TITLE_CHARACTERS_MAX = 200
const BODY_CHARACTERS_MAX = 60_000

export function pullOf(raw: ForgePull): PullRequest {
  const isMerged = raw.merged === true || typeof raw.merged_at === 'string'
  return {
    number: raw.number,
    url: linkOf(raw.html_url),
    title: lineOf(raw.title, TITLE_CHARACTERS_MAX),
    branch: lineOf(raw.head.ref, 300),
    target: lineOf(raw.base.ref, 300),
    head: raw.head.sha,
    state: isMerged ? 'merged' : raw.state === 'open' ? 'open' : 'closed',
    isDraft: raw.draft === true,
    isMergeable: raw.mergeable ?? null,
    // Before the merge GitHub tells a commit here that it only tried.
    mergeCommit: isMerged ? (raw.merge_commit_sha ?? '') || null : null,
  }
}

export function readPull(
  { client }: Forge,
  number: number,
  signal: AbortSignal,
): Promise<ForgePull | null> {
  return client.get(`pulls/${String(number)}`, pullSchema, signal)
}

export async function openPull(
  forge: Forge,
  { branch, target, title, body }: NewPullRequest,
  signal: AbortSignal,
): Promise<{ readonly pull: PullRequest; readonly already: boolean }> {
  const find = async (): Promise<ForgePull | undefined> => {
    const pulls = await pullsOf(forge, branch, 'open', signal)
    return pulls.find((pull) => pull.base.ref === target)
  }
  const before = await find()
  if (before !== undefined) return { pull: pullOf(before), already: true }
  const wanted = { title, head: branch, base: target, body: body.slice(0, BODY_CHARACTERS_MAX) }
  const written = await forge.client.write('POST', 'pulls', wanted, signal)
  if (written.kind === 'done') {
    return { pull: pullOf(forge.client.read('pulls', written.body, pullSchema)), already: false }
  }
  // Refused, too, where somebody else opened it meanwhile.
  const after = await find()
  if (after === undefined) throw written.error
  return { pull: pullOf(after), already: written.kind === 'refused' }
}

/** The open one from a branch of this repository, else the newest. */
export async function pullOfBranch(
  forge: Forge,
  branch: string,
  signal: AbortSignal,
): Promise<PullRequest | null> {
  const [open] = await pullsOf(forge, branch, 'open', signal)
  if (open !== undefined) return pullOf(open)
  const closed = await pullsOf(forge, branch, 'closed', signal)
  const newest = [...closed].sort((a, b) => b.number - a.number)[0]
  return newest === undefined ? null : pullOf(newest)
}

async function pullsOf(
  { client, dialect }: Forge,
  branch: string,
  state: 'open' | 'closed',
  signal: AbortSignal,
): Promise<readonly ForgePull[]> {
  const [owner = ''] = client.project.split('/')
  const query = { state, ...dialect.pullsOf(owner, branch) }
  const { items } = await client.list('pulls', pullSchema, { query, pagesMax: PAGES_MAX }, signal)
  // A branch of a fork may have the same name.
  return items.filter(
    ({ head, base }) =>
      head.ref === branch && head.repo !== null && head.repo?.full_name === base.repo?.full_name,
  )
}
