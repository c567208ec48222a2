// Is this machine with a majority? As far as it can know: it leads, or it hears a leader, who steps down without one.
import type { Engine } from './engine-state.ts'

export function noteAttachment(engine: Engine): void {
  const { now } = engine.consensus
  if (engine.attachedAt === 0 || hearsMajority(engine)) engine.attachedAt = now
}

/** Nothing can be granted here: no leader was heard of for too long. */
export function isDetached({ consensus, attachedAt }: Engine): boolean {
  return attachedAt > 0 && consensus.now - attachedAt >= consensus.timing.detachedAfterMs
}

function hearsMajority({ consensus }: Engine): boolean {
  const { role, now, timing } = consensus
  if (role.kind === 'leader') return true
  if (role.kind !== 'follower' || role.leader === null) return false
  return role.isQuiet || now - role.heardAt < timing.heartbeatMs * 4
}
