// One merge through a forge: at the head that was tested, once, and with why it was not.
import { SkeinError } from '../../protocol/index.ts'
import type { MergeOutcome, MergeRefusal } from '../ports-tracker.ts'
import type { MergeOrder, MergeRefused } from './dialect.ts'
import type { Forge } from './issues.ts'
import { pullOf, readPull } from './pulls.ts'
import { mergedSchema, type ForgePull } from './schemas.ts'

/** A forge finds out in the background whether there is a conflict: asked again after these. */
const SETTLE_MS: readonly number[] = [1_000, 2_000, 4_000]

export type Pause = (ms: number, signal: AbortSignal) => Promise<unknown>

export async function mergePull(
  forge: Forge,
  order: MergeOrder,
  pause: Pause,
  signal: AbortSignal,
): Promise<MergeOutcome> {
  for (const ms of SETTLE_MS) {
    const outcome = await tryMerge(forge, order, signal)
    if (outcome.merged || outcome.reason !== 'unready') return outcome
    await pause(ms, signal)
  }
  const last = await tryMerge(forge, order, signal)
  const isStuck = !last.merged && last.reason === 'unready' && forge.dialect.kind === 'gitea'
  // Of a conflict Gitea says for ever that it is not ready.
  return isStuck ? { ...last, reason: 'conflict' } : last
}

async function tryMerge(
  forge: Forge,
  order: MergeOrder,
  signal: AbortSignal,
): Promise<MergeOutcome> {
  const before = await readPull(forge, order.number, signal)
  const known =
    before === null ? notMerged('closed', 'there is no such pull request') : settled(before, order)
  if (known !== null) return known
  const { method, where, body } = forge.dialect.mergeOf(order)
  const written = await forge.client.write(method, where, body, signal)
  if (written.kind === 'refused' && written.status === 401) throw written.error
  const after = await readPull(forge, order.number, signal)
  if (written.kind === 'done') return mergedBy(forge, order, written.body, after)
  const merged = after === null ? null : mergedOf(after, order)
  if (merged !== null) return merged
  if (written.kind === 'unclear' || after === null) throw written.error
  return refusedBy(forge, order, written, after)
}

/** What is to be said without trying. */
function settled(pull: ForgePull, order: MergeOrder): MergeOutcome | null {
  const merged = mergedOf(pull, order)
  if (merged !== null) return merged
  const { state, isDraft, head } = pullOf(pull)
  if (state !== 'open') return notMerged('closed', `it is ${state}, at ${head}`)
  if (isDraft) return notMerged('draft', 'it is a draft')
  return head === order.expectedHead ? null : notMerged('moved', `its head is ${head}`)
}

function mergedOf(pull: ForgePull, { expectedHead }: MergeOrder): MergeOutcome | null {
  const { state, head, mergeCommit } = pullOf(pull)
  const isOurs = state === 'merged' && head === expectedHead && mergeCommit !== null
  return isOurs ? { merged: true, commit: mergeCommit } : null
}

function mergedBy(
  { client }: Forge,
  order: MergeOrder,
  body: string,
  after: ForgePull | null,
): MergeOutcome {
  const known = after === null ? null : mergedOf(after, order)
  if (known !== null) return known
  // GitHub says the commit at once; Gitea says nothing, and has it in the pull request.
  if (body.trim() !== '') {
    return { merged: true, commit: client.read('merge', body, mergedSchema).sha }
  }
  throw new SkeinError(
    'TRACKER_UNREACHABLE',
    `${client.project} took the merge of #${String(order.number)}, and does not say yet which commit it became.`,
  )
}

function refusedBy(
  { dialect }: Forge,
  order: MergeOrder,
  { status, said }: MergeRefused,
  after: ForgePull,
): MergeOutcome {
  const known = settled(after, order)
  if (known !== null) return known
  const note = said === '' ? `status ${String(status)}` : said
  return notMerged(dialect.refusalOf({ status, said }, after), note)
}

function notMerged(reason: MergeRefusal, note: string): MergeOutcome {
  return { merged: false, reason, note }
}
