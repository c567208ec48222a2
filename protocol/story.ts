// Events in words, for people: what happened, to what, by whom. Pure, so that every front end tells it alike.
import type { AuditEvent } from './events.ts'
import { tellFleet } from './story-fleet.ts'

export function tellEvent(event: AuditEvent): string {
  const { actor, data } = event
  const kind: string = event.kind
  const scope = named(data['pattern'], data['symbols'])
  const what = `${scope} (${word(data['claim'])}, fence ${word(data['fence'])})`
  switch (kind) {
    case 'claim.granted': {
      const how =
        data['was'] === 'provisional' ? 'got its provisional claim confirmed:' : 'was granted'
      return `${event.at}  ${actor} ${how} ${what}${note(data)}`
    }
    case 'claim.superseded':
      return `${event.at}  ${actor} lost its provisional claim of ${scope} (${word(data['claim'])})${lostTo(data)}`
    case 'claim.renewed':
      return `${event.at}  ${actor} renewed ${what}`
    case 'claim.narrowed':
      return `${event.at}  ${actor} narrowed ${named(data['before'], data['before_symbols'])} to ${what}`
    case 'symbol.renamed':
      return `${event.at}  ${actor} renamed ${renamings(data)}; its claim follows: ${what}`
    case 'claim.released':
    case 'claim.expired':
      return `${event.at}  ${word(data['agent'])} no longer holds ${what}: ${ending(data)}`
    case 'claim.refused':
      return `${event.at}  ${actor} was refused ${refusals(data)}`
    case 'claim.coexist':
      return `${event.at}  ${besideStory(what, data)}`
    case 'guard.bypassed':
      return `${event.at}  ${actor} wrote ${word(data['path'])}, held by ${word(data['holder'])}, by SKEIN_BYPASS: "${word(data['reason'])}"`
    case 'guard.leaked':
      return `${event.at}  ${actor} changed ${word(data['path'])}, held by ${word(data['holder'])} (${word(data['reason'])})`
    case 'push.refused':
      return `${event.at}  ${actor} was refused a push${heldFiles(data)}`
    case 'wip.kept':
      return `${event.at}  the work of ${actor} in ${list(data['files'], ', ')} was kept (${word(data['wip'])}): ${ENDINGS[word(data['reason'])] ?? word(data['reason'])}`
    case 'wip.restored':
      return `${event.at}  ${actor} brought back what was kept of ${word(data['agent'])} (${word(data['wip'])})`
    case 'wip.dropped':
      return `${event.at}  ${actor} gave up what was kept of ${word(data['agent'])} (${word(data['wip'])})`
    case 'guard.renamed':
      return `${event.at}  ${word(data['holder'])} was told: ${word(data['reason'])}, used in ${word(data['path'])}`
    case 'owners.changed':
      return `${event.at}  the policy of the repository was changed by ${actor}`
    case 'owners.promoted':
      return `${event.at}  ${word(data['pattern'])} was promoted by ${actor}: claims of it are shared`
    case 'owners.demoted':
      return `${event.at}  ${word(data['pattern'])} was demoted by ${actor}`
    case 'task.completed':
      return `${event.at}  ${tellTask(data)}`
    case 'claim.lapsed':
      return `${event.at}  ${actor} cannot count on ${what}: without a majority nobody renewed it`
    case 'partition.entered':
      return `${event.at}  ${actor} hears no majority${missing(data)}`
    case 'partition.healed':
      return `${event.at}  ${actor} hears a leader again`
    case 'leader.elected':
      return `${event.at}  ${actor} leads, in term ${String(event.term)}`
    case 'member.joined':
      return `${event.at}  ${actor} is a member`
    default:
      return `${event.at}  ${otherwise(event)}`
  }
}

function otherwise({ kind, actor, machine, data }: AuditEvent): string {
  const told = tellWait(kind, data) ?? tellFleet(kind, actor, { machine, ...data })
  return told ?? `${kind} by ${actor}`
}

function renamings(data: AuditEvent['data']): string {
  const all: unknown = data['renamed']
  const told = Array.isArray(all)
    ? all.map((one: { readonly from?: unknown; readonly to?: unknown } | null) => {
        return `${word(one?.from)} to ${word(one?.to)}`
      })
    : []
  return told.join(', ')
}

function missing(data: AuditEvent['data']): string {
  const absent: unknown = data['missing']
  const names = Array.isArray(absent)
    ? absent.map((one: { readonly machine?: unknown } | null) => word(one?.machine))
    : []
  return names.length === 0 ? '' : `; missing: ${names.join(', ')}`
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
      return `${agent} waited ${waitedFor(data['waited_ms'])}for ${what}, and was granted it`
    case 'queue.cancelled':
      return `${agent} waits no longer for ${what}: ${LEAVINGS[word(data['reason'])] ?? word(data['reason'])}`
    case 'queue.expired':
      return `${agent} waited in vain for ${what}`
    case 'deadlock.broken':
      return `${agent} waits no longer for ${what}: all would have waited, ${list(data['circle'], ' for ')}`
    case 'request.filed':
      return `${asking}: "${word(data['reason'])}"`
    case 'request.answered':
      return `${asking}: ${ANSWERS[word(data['end'])] ?? word(data['end'])}${said(data['note'])}`
    case 'request.expired':
      return `${asking}, and got no answer`
    default:
      return null
  }
}

function waitedFor(ms: unknown): string {
  return typeof ms === 'number' ? `${String(Math.round(ms / 1000))} s ` : ''
}

function list(items: unknown, between: string): string {
  return Array.isArray(items) ? items.map(word).join(between) : '-'
}

const LEAVINGS: Readonly<Record<string, string>> = {
  cancelled: 'it gave its place up',
  vanished: 'it hung up',
  'session-ended': 'its session ended',
  limit: 'its agent holds as much as one may',
  completed: 'the task is complete',
}

const ANSWERS: Readonly<Record<string, string>> = {
  approved: 'it did, and gave it up',
  denied: 'it did not',
  narrowed: 'it kept a part',
  coexist: 'it let the other in beside it',
  resolved: 'the claim had ended before an answer',
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
  landed: 'its work has reached the default branch',
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

/** What stood in the way: holders, older waiters, a circle of waits. */
function refusals(data: AuditEvent['data']): string {
  const circle: unknown = data['circle']
  if (Array.isArray(circle) && circle.length > 0) {
    const round = [...circle.map(word), word(circle[0])].join(' for ')
    return `a wait, because all would have waited: ${round}`
  }
  const held = facts(data['conflicts']).map((conflict) => {
    const { holder, claim } = conflict
    const what = named(conflict['held'], conflict['held_symbols'])
    const who = holder === undefined ? word(claim) : `${word(holder)} held ${what}`
    return `${named(conflict['pattern'], conflict['symbols'])} because ${who}`
  })
  const waited = facts(data['waiters']).map(
    ({ agent, queue }) =>
      `${list(data['patterns'], ', ')} because ${word(agent)} waited before it (${word(queue)})`,
  )
  const told = [...held, ...waited]
  return told.length === 0 ? 'a claim' : told.join('; ')
}

/** Whom a provisional claim lost to. */
function lostTo(data: AuditEvent['data']): string {
  const held = facts(data['conflicts']).map((conflict) => {
    const what = named(conflict['held'], conflict['held_symbols'])
    return `${word(conflict['holder'])} holds ${what}`
  })
  return held.length === 0 ? '' : `: ${held.join('; ')}`
}

function facts(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown) =>
    typeof each === 'object' && each !== null ? [each as Readonly<Record<string, unknown>>] : [],
  )
}

function heldFiles({ files, files_total: total }: AuditEvent['data']): string {
  const listed: readonly unknown[] = Array.isArray(files) ? files : []
  const [first] = listed
  if (typeof first !== 'object' || first === null) return ''
  const { path, holder }: { readonly path?: unknown; readonly holder?: unknown } = first
  const more = typeof total === 'number' && total > 1 ? `, and ${String(total - 1)} more` : ''
  return `: ${word(path)} is held by ${word(holder)}${more}`
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}
