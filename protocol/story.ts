// Events in words, for people: what happened, to what, by whom. Pure, so that every front end tells it alike.
import type { AuditEvent } from './events.ts'

export function tellEvent(event: AuditEvent): string {
  const { actor, data } = event
  const kind: string = event.kind
  const scope = named(data['pattern'], data['symbols'])
  const what = `${scope} (${word(data['claim'])}, fence ${word(data['fence'])})`
  switch (kind) {
    case 'claim.granted':
      return `${event.at}  ${actor} was granted ${what}${note(data)}`
    case 'claim.renewed':
      return `${event.at}  ${actor} renewed ${what}`
    case 'claim.narrowed':
      return `${event.at}  ${actor} narrowed ${named(data['before'], data['before_symbols'])} to ${what}`
    case 'claim.released':
    case 'claim.expired':
      return `${event.at}  ${word(data['agent'])} no longer holds ${what}: ${ending(data)}`
    case 'claim.refused':
      return `${event.at}  ${actor} was refused ${refusals(data['conflicts'])}`
    case 'claim.coexist':
      return `${event.at}  ${besideStory(what, data)}`
    case 'task.completed':
      return `${event.at}  ${tellTask(data)}`
    default:
      return `${event.at}  ${tellWait(kind, data) ?? `${kind} by ${actor}`}`
  }
}

/** Waits and requests. */
function tellWait(kind: string, data: AuditEvent['data']): string | null {
  const agent = word(data['agent'])
  const patterns: unknown = data['patterns']
  const what = `${list(patterns, ', ')} (${word(data['queue'])})`
  const asking = `${word(data['requester'])} asked ${word(data['holder'])} to give way at ${word(data['pattern'])}`
  switch (kind) {
    case 'queue.joined':
      return `${agent} waits for ${what}, ${word(data['urgency'])}`
    case 'queue.granted':
      return `${agent} waited for ${what}, and was granted it`
    case 'queue.cancelled':
      return `${agent} waits no longer for ${what}: ${word(data['reason'])}`
    case 'queue.expired':
      return `${agent} waited in vain for ${what}`
    case 'deadlock.broken':
      return `${agent} waits no longer for ${what}: all would have waited, ${list(data['circle'], ' for ')}`
    case 'request.filed':
      return `${asking}: "${word(data['reason'])}"`
    case 'request.answered':
      return `${asking}: ${word(data['end'])}${said(data['note'])}`
    case 'request.expired':
      return `${asking}, and got no answer`
    default:
      return null
  }
}

function list(items: unknown, between: string): string {
  return Array.isArray(items) ? items.map(word).join(between) : '-'
}

function said(text: unknown): string {
  return typeof text === 'string' && text !== '' ? `: "${text}"` : ''
}

function tellTask(data: AuditEvent['data']): string {
  const { note, branch, reason } = data
  const task = `task ${word(data['task'])}`
  if (reason === 'branch_removed') return `${task} is over: its branch ${word(branch)} is gone`
  const where = typeof branch === 'string' ? ` on branch ${branch}` : ''
  return `${word(data['agent'])} completed ${task}${where}${said(note)}`
}

function besideStory(what: string, data: AuditEvent['data']): string {
  const other = named(data['partner_pattern'], data['partner_symbols'])
  const taker = `${word(data['partner_agent'])} was granted ${other} (${word(data['partner'])})`
  return data['narrowed'] === true
    ? `${taker} out of ${what} of ${word(data['agent'])}`
    : `${taker} beside ${what} of ${word(data['agent'])}`
}

/** `src/a.ts`, or `src/a.ts: A::b, C`. */
function named(pattern: unknown, symbols: unknown): string {
  const names = Array.isArray(symbols) ? symbols.map(word) : []
  return names.length === 0 ? word(pattern) : `${word(pattern)}: ${names.join(', ')}`
}

const ENDINGS: Readonly<Record<string, string>> = {
  released: 'released by its holder',
  idle: 'no sign of life for too long',
  ttl: 'its time was over',
  lease: 'its machine fell silent',
  'session-ended': 'its session ended',
  'process-died': 'its process died',
  abandoned: 'its caller had been told that there is no quorum',
  revoked: 'ended by a person',
  completed: 'its task is complete',
  'branch-gone': 'its branch is gone from the remote',
  'task-expired': 'a person freed its task',
  superseded: 'another claim won when the sides of a partition were settled',
}

function ending(data: AuditEvent['data']): string {
  const reason = ENDINGS[word(data['reason'])] ?? word(data['reason'])
  const by = data['reason'] === 'revoked' ? ` (${word(data['by'])}: ${word(data['note'])})` : ''
  return reason + by
}

function note(data: AuditEvent['data']): string {
  return said(data['description'])
}

function refusals(conflicts: unknown): string {
  if (!Array.isArray(conflicts)) return 'a claim'
  return conflicts
    .map((conflict: unknown) => {
      if (typeof conflict !== 'object' || conflict === null) return ''
      const told = conflict as Readonly<Record<string, unknown>>
      const { holder, claim } = told
      const held = named(told['held'], told['held_symbols'])
      const who = holder === undefined ? word(claim) : `${word(holder)} held ${held}`
      return `${named(told['pattern'], told['symbols'])} because ${who}`
    })
    .join('; ')
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}
