// Which events a reader of an audit log wants.
import type { AuditEvent } from '../protocol/index.ts'
import type { AuditFilter } from './ports.ts'

export function isMatch(event: AuditEvent, filter: AuditFilter): boolean {
  const { kinds, actor, machine, since, until, where } = filter
  if (kinds !== undefined && !kinds.some((kind) => isOfKind(event, kind))) return false
  if (actor !== undefined && event.actor !== actor) return false
  if (machine !== undefined && event.machine !== machine) return false
  if (since !== undefined && event.at < since) return false
  if (until !== undefined && event.at >= until) return false
  return where === undefined || where(event)
}

function isOfKind(event: AuditEvent, kind: string): boolean {
  return kind.endsWith('.*') ? event.kind.startsWith(kind.slice(0, -1)) : event.kind === kind
}
