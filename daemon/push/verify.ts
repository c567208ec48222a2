// The check of what was pushed, from outside: for continuous integration, which has no daemon. It reads the tokens of the
// remote, the trailers of the commits and their files, and names the commits that went around the fence or past the policy.
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
import { commitsIn, type PushedCommit } from './pushed-commits.ts'
import { pushedPolicy, ruleOnCommits, type Passed, type PolicyFinding } from './verify-policy.ts'

export interface PushReport {
  readonly ok: boolean
  readonly range: string
  readonly commits: number
  readonly findings: readonly (Finding | PolicyFinding)[]
  /** What the policy keeps shut, and yet nobody is accused of. */
  readonly passed: readonly Passed[]
  /** The policy that was there before the commits; null: there is none. */
  readonly policy: { readonly branch: string; readonly commit: string } | null
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
  const held = findingsIn(commits, tokens, options.caseExact)
  const policy = await pushedPolicy(git, remote, listing, commits)
  const live = [...tokens, ...(options.facts?.tokens ?? [])]
  const ruled = ruleOnCommits(commits, policy, { live, held, caseExact: options.caseExact })
  const findings = [...held, ...ruled.findings]
  const missing = (options.facts?.tokens ?? [])
    .filter(({ fence }) => !listing.tokens.has(fence))
    .flatMap(({ fence, claims }) => claims.map(({ id }) => ({ claim: id, fence })))
  return {
    ok: findings.length === 0,
    range,
    commits: commits.length,
    findings,
    passed: ruled.passed,
    policy: policy === null ? null : { branch: policy.branch, commit: policy.commit },
    tokens: listing.tokens.size,
    remote: await positionOf(remote, listing),
    synced: options.facts === null ? null : missing.length === 0,
    missing,
  }
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
