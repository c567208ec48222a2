// The end of a model's turn: where its session waits for what another holds, the hook stays until it is granted, and wakes
// the model by what it prints. Waiting costs nobody a token.
import { asSessionId, DEFAULTS } from '../../../protocol/index.ts'
import { patiently, type Parts } from '../../operations/context.ts'
import type { Asked, Judged } from '../asked.ts'

const RESTS: Judged = { decision: 'allow', reason: '', notes: [] }

export async function endTurn(parts: Parts, asked: Asked): Promise<Judged> {
  const { waits, notices } = parts.guard
  const { session, context } = asked.caller
  const kept = waits.of(session)
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

/** A run without a person ends only after its last hook, so its repositories say how long that may last. */
function patienceOf(
  { repos }: Parts,
  { isHeadless }: Asked,
  kept: ReturnType<Parts['guard']['waits']['of']>,
): number {
  if (!isHeadless) return DEFAULTS.waitSecondsMax
  return Math.max(...kept.map(({ repo }) => repos.get(repo).config.edit_wait.headless))
}
