// How the ledger comes to know what the default branch says: proposed where it does not know it yet, one at a time.
import {
  NO_POLICY,
  type Policy,
  type PolicySource,
  type PolicyState,
} from '../../protocol/index.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { submit } from '../submit.ts'

export interface TakeUp {
  /** What the default branch says; null: it has no such file, or none that can be read. */
  file: TrackedFile | null
  proposing: Promise<void> | null
  /** The commit of the file that a leader has answered for. */
  answered: string
}

export interface TrackedFile {
  readonly policy: Policy
  readonly source: Extract<PolicySource, { kind: 'file' }>
}

/** Without a majority it is tried again at the next look; nobody waits for it here. */
export function propose(host: LedgerHost, look: TakeUp, onFailure: (error: unknown) => void): void {
  const { file, proposing, answered } = look
  if (file === null || proposing !== null || answered === file.source.commit) return
  if (isTakenUp(host.loop.view().state.policy, file)) return
  look.proposing = submit(host, { kind: 'set-policy', ...file })
    .then(() => {
      look.answered = file.source.commit
    }, onFailure)
    .finally(() => {
      look.proposing = null
    })
}

/** The ledger has the same words, or this commit's, or what was said later. */
function isTakenUp(known: PolicyState, { policy, source }: TrackedFile): boolean {
  if (saysTheSame(known.policy, policy)) return true
  if (known.source === null) return false
  const isSame = known.source.kind === 'file' && known.source.commit === source.commit
  return isSame || known.source.atMs > source.atMs
}

/** Why the default branch says one thing and the ledger goes by another; null: they are the same. */
export function whyAnother({ policy, source }: PolicyState, { file }: TakeUp): string | null {
  if (file === null || saysTheSame(policy, file.policy)) return null
  const { commit, atMs } = file.source
  const here = `the commit ${commit.slice(0, 12)} of the default branch`
  if (source === null || source.atMs < atMs) return `${here} is not in the ledger yet`
  if (source.kind === 'file') {
    const other = source.commit.slice(0, 12)
    return source.commit === commit ? null : `${here} is older than ${other}, which rules: fetch it`
  }
  // Where the file leaves it to people, they are not told that it does.
  if (saysTheSame(file.policy, NO_POLICY)) return null
  return `${here} is older than what ${source.by} said; to take it up: skein owners set .skein.yml`
}

function saysTheSame(a: Policy, b: Policy): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
