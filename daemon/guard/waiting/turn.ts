// The end of a model's turn: where its session waits for what another holds, the hook stays until it is granted, and wakes
// the model by what it prints. Waiting costs nobody a token.
import { asSessionId, DEFAULTS } from '../../../protocol/index.ts'
import { patiently, type Parts } from '../../operations/context.ts'
import type { Asked, Judged } from '../asked.ts'
import type { KeptWait } from './waits.ts'

const RESTS: Judged = { decision: 'allow', reason: '', notes: [] }

export async function endTurn(parts: Parts, asked: Asked): Promise<Judged> {
  const { waits, notices } = parts.guard
  const { session, context } = asked.caller
  const kept = standing(parts, session)
  // It was granted while the model still talked, and no hook has told it.
  if (waits.hasGrant(session)) return { ...RESTS, notes: notices.take(session) }
  if (kept.length === 0) return RESTS
  const ids = kept.map(({ id }) => id)
  const patienceMs = asked.patientUntilMs - parts.clock.uptime()
  if (patienceMs <= 0)
    return { ...RESTS, wait: { ids, in_place_s: patienceOf(parts, asked, kept) } }
  const { signal } = context
  const isGranted = await patiently(parts, asSessionId(session), () =>
    waits.wait({ session, ids, patienceMs, signal, isForTurn: true }),
  )
  return isGranted ? { ...RESTS, notes: notices.take(session) } : RESTS
}

/** Places that are still in the ledger's queue: the end of one may have gone by unheard, as at a checkpoint. */
function standing({ guard, repos }: Parts, session: string): readonly KeptWait[] {
  return guard.waits.of(session).filter(({ id, repo }) => {
    const host = repos.all().find((each) => each.id === repo)?.host
    // What has come to pass is told a moment later: of a grant that is on its way, the place must not be forgotten first.
    host?.audit.last()
    const isThere = host?.loop.view().state.queue.has(id) === true
    if (!isThere) guard.waits.leave(id)
    return isThere
  })
}

/** A run without a person ends only after its last hook, so its repositories say how long that may last. */
function patienceOf({ repos }: Parts, { isHeadless }: Asked, kept: readonly KeptWait[]): number {
  if (!isHeadless) return DEFAULTS.waitSecondsMax
  return Math.max(...kept.map(({ repo }) => repos.get(repo).config.edit_wait.headless))
}
