// The check of what was pushed, from outside: for continuous integration, which has no daemon. It reads the tokens of the
// remote, the trailers of the commits and their files, and names the commits that went around the fence.
import { matchesPath, parsePattern, SkeinError } from '../../protocol/index.ts'
import { findAddress } from '../fence/address.ts'
import { Remote, type Listing } from '../fence/remote.ts'
import {
  LEDGER_REF,
  parseLedger,
  type Facts,
  type FencePosition,
  type Token,
} from '../fence/token.ts'
import type { UserGit } from '../git-user.ts'
import { readTokens } from './memory.ts'
import { FENCE_TRAILER } from '../trailers.ts'

export interface PushReport {
  readonly ok: boolean
  readonly range: string
  readonly commits: number
  readonly findings: readonly Finding[]
  /** Tokens that the remote has. */
  readonly tokens: number
  /** The ledger as the remote knows it; null: it was never told. */
  readonly remote: FencePosition | null
  /** Has the remote heard of every live claim that this machine knows? Null: no daemon says which those are. */
  readonly synced: boolean | null
  /** Live claims that the remote has not heard of. */
  readonly missing: readonly { readonly claim: string; readonly fence: number }[]
}

/**
 * `bypass`: a file under a live claim was changed by a commit that names no claim. `stale`: the commit names another,
 * which is not the one that is live there.
 */
export interface Finding {
  readonly kind: 'bypass' | 'stale'
  readonly commit: string
  readonly subject: string
  readonly path: string
  readonly claim: string
  readonly holder: string
  readonly fence: number
}

export interface VerifyOptions {
  readonly remote: string
  /** `A..B`; the commits that the remote's default branch has not, when left out. */
  readonly range: string | null
  readonly caseExact: boolean
  /** What the daemon knows; null without one. */
  readonly facts: Facts | null
}

export async function verifyPush(git: UserGit, options: VerifyOptions): Promise<PushReport> {
  const url = await addressOf(git, options.remote)
  const remote = new Remote(git, await findAddress(git, options.remote, url))
  const read = await readTokens(remote, await remote.list())
  if (read === null)
    throw new SkeinError('BUSY', 'the tokens of the remote move while they are read')
  const { listing, tokens } = read
  const range = options.range ?? (await defaultRange(git, options.remote))
  const commits = await commitsIn(git, range)
  const findings = findingsIn(commits, tokens, options.caseExact)
  const missing = (options.facts?.tokens ?? [])
    .filter(({ fence }) => !listing.tokens.has(fence))
    .flatMap(({ fence, claims }) => claims.map(({ id }) => ({ claim: id, fence })))
  return {
    ok: findings.length === 0,
    range,
    commits: commits.length,
    findings,
    tokens: listing.tokens.size,
    remote: await positionOf(remote, listing),
    synced: options.facts === null ? null : missing.length === 0,
    missing,
  }
}

export interface PushedCommit {
  readonly id: string
  readonly subject: string
  readonly fences: readonly number[]
  readonly paths: readonly string[]
}

export function findingsIn(
  commits: readonly PushedCommit[],
  tokens: readonly Token[],
  caseExact: boolean,
): readonly Finding[] {
  // Which declarations a commit changed is not looked into: claims on symbols accuse nobody.
  const scopes = tokens.flatMap(({ fence, claims }) =>
    claims
      .filter(({ mode, kind }) => mode === 'exclusive' && kind !== 'symbol')
      .map((claim) => ({ fence, claim, pattern: parsePattern(claim.pattern, { caseExact }) })),
  )
  return commits.flatMap(({ id, subject, fences, paths }) =>
    paths.flatMap((path): Finding[] => {
      const met = scopes.find(({ pattern }) => matchesPath(pattern, path))
      if (met === undefined || fences.includes(met.fence)) return []
      const { claim, fence } = met
      const kind = fences.length === 0 ? 'bypass' : 'stale'
      return [{ kind, commit: id, subject, path, claim: claim.id, holder: claim.agent, fence }]
    }),
  )
}

async function commitsIn(git: UserGit, range: string): Promise<readonly PushedCommit[]> {
  const trailers = `%(trailers:key=${FENCE_TRAILER},valueonly,separator=%x2C)`
  const format = `--format=%H%x00${trailers}%x00%s`
  const log = await git.read([
    'log',
    '-z',
    '--no-color',
    '--no-show-signature',
    format,
    '--end-of-options',
    range,
    '--',
  ])
  const fields = log.split('\0')
  const commits: PushedCommit[] = []
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [id = '', trailer = '', subject = ''] = fields.slice(at, at + 3)
    const fences = trailer.split(',').map(Number).filter(Number.isSafeInteger)
    commits.push({ id, subject, fences: fences.filter((fence) => fence > 0), paths: [] })
  }
  return withPaths(git, commits)
}

async function withPaths(
  git: UserGit,
  commits: readonly PushedCommit[],
): Promise<readonly PushedCommit[]> {
  const what = ['-r', '-c', '--root', '--no-renames', '--name-only', '-z', '--stdin']
  const input = commits.map(({ id }) => `${id}\n`).join('')
  const answer = commits.length === 0 ? '' : await git.read(['diff-tree', ...what], { input })
  const paths = new Map<string, string[]>(commits.map(({ id }) => [id, []]))
  let at = ''
  for (const field of answer.split('\0')) {
    // A commit without a file of its own is left out of the answer.
    if (paths.has(field)) at = field
    else if (field !== '') paths.get(at)?.push(field)
  }
  return commits.map((commit) => ({ ...commit, paths: paths.get(commit.id) ?? [] }))
}

async function addressOf(git: UserGit, remote: string): Promise<string> {
  const ran = await git.run(['config', '--get', `remote.${remote}.url`])
  return ran.code === 0 ? ran.stdout.trimEnd() : remote
}

async function defaultRange(git: UserGit, remote: string): Promise<string> {
  const upstream = await git.run(['rev-parse', '--verify', '--quiet', '@{upstream}'])
  return upstream.code === 0 ? '@{upstream}..HEAD' : `refs/remotes/${remote}/HEAD..HEAD`
}

async function positionOf(remote: Remote, { ledger }: Listing): Promise<FencePosition | null> {
  if (ledger === null) return null
  const text = (await remote.texts(new Map([[LEDGER_REF, ledger]]))).get(ledger)
  return text === undefined ? null : (parseLedger(text)?.position ?? null)
}
