import type { Command, Outcome } from './core/claims/command.ts'
import { failureError } from './failure.ts'
import type { LedgerHost } from './ledger-host.ts'
import { inRound } from './tracing/traced.ts'

/** Submits and lets failures be thrown. */
export async function submit(
  host: LedgerHost,
  command: Command,
): Promise<Exclude<Outcome, { kind: 'failed' }>> {
  const outcome = await inRound(command.kind, () => host.loop.submit(command))
  if (outcome.kind !== 'failed') return outcome
  throw failureError(outcome.failure)
}
