// What happened in a repository, for people, webhooks and the audit log: the kinds, the shape, and the text that the hash
// chain is over. Events are data from the core; nothing is ever decided by them.
import type { RepoId } from './ids.ts'

/** Kinds of events, each with the sentence of the reference page. */
export const EVENT_KINDS = {
  'claim.granted': 'A claim was granted and committed.',
  'claim.renewed': 'A claim got a later end.',
  'claim.narrowed': 'A claim gave up a part of its scope; id and fence stay.',
  'claim.released': 'A claim ended by its holder, or on its behalf, with the reason.',
  'claim.expired': 'The leader ended a claim whose lease or time had passed.',
  'claim.lapsed':
    'A machine without the majority gives up what one of its sessions held: nobody renewed it in time.',
  'claim.superseded': 'A provisional claim lost when the sides of a partition were settled.',
  'claim.refused': 'A claim was refused, with what it met.',
  'claim.coexist':
    'A claim was granted beside this one: by other symbols, by consent, or out of it (`narrowed`).',
  'queue.joined': 'A claim waits for what blocks it.',
  'queue.granted': 'A waiting claim was granted.',
  'queue.cancelled': 'A waiting claim was withdrawn.',
  'queue.expired': 'A waiting claim ran out of time.',
  'deadlock.broken': 'A circle of waits was found, and one of its waits refused.',
  'request.filed': 'A session asked a holder to release or share.',
  'request.answered': 'A holder answered a request.',
  'request.expired': 'A request got no answer in time.',
  'guard.bypassed':
    'A session wrote what another holds, because its SKEIN_BYPASS said so, with the reason.',
  'guard.leaked': 'A command changed files that another holds; it was seen afterwards.',
  'push.refused': 'A push was refused: it changes files that others hold.',
  'wip.kept':
    "What was not committed under claims that ended against their session's will was kept.",
  'wip.restored': 'Kept work was brought back, into a checkout or as a branch.',
  'wip.dropped': 'Kept work was given up by a person.',
  'guard.deferred':
    'A run was parked at an edit of what another holds; its place in the queue is kept.',
  'guard.resumable':
    'A parked run can be resumed: what it waits for was granted, or its place is gone, with the reason.',
  'session.silent':
    'A session that holds claims has shown no activity for 50 or 80 % of `idle_release`; at the end they are released.',
  'guard.renamed': 'A symbol got a new name, and a session of this machine holds uses of it.',
  'task.completed': 'A task of a plan was marked as done.',
  'owners.changed': 'The policy of the repository changed: by its default branch, or by a person.',
  'owners.promoted': 'Claims of a pattern are shared from now on.',
  'owners.demoted': 'A promoted pattern is shared no longer.',
  'approval.asked': 'A claim in a hard area was refused; its owners are asked.',
  'approval.answered': 'An owner let a session in, or did not.',
  'symbol.renamed': 'A claimed symbol has a new name; its claim names both from then on.',
  'leader.elected': 'A term has a leader whose first record is committed.',
  'leader.lost': 'A leader stepped down or fell silent.',
  'ledger.recovered':
    'A person let the ledger be begun anew, because its majority was lost; with the claims that were carried over.',
  'member.joined': 'A machine became a member of the mesh.',
  'member.left': 'A member left the mesh by itself.',
  'member.removed': 'A member was removed from the mesh.',
  'partition.entered': 'This machine lost the majority; nothing is granted here.',
  'partition.healed': 'This machine is back with the majority.',
  'assignment.*':
    'An assignment of the fleet changed its state; the last word is the state, or `stopping`, `answered`, `judged`, `proposed`.',
  'merge.*': 'Work landed, is kept from landing, or is not to land; the last word is which.',
} as const satisfies Record<string, string>

type Listed = keyof typeof EVENT_KINDS
type OfFamily<Kind extends string> = Kind extends `${infer Family}.*` ? `${Family}.${string}` : Kind
/** A listed kind, or any kind of a listed family such as `assignment.*`. */
export type EventKind = OfFamily<Listed>

/** An event before it has its place in a chain. */
export interface AuditEventInput {
  /** `evt_` + ULID. */
  readonly id: string
  readonly repo: RepoId
  readonly kind: EventKind
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string
  /** Of the record that tells it; of the last committed one where it is this machine's own observation. */
  readonly term: number
  readonly index: number
  /** The agent or person who caused it. */
  readonly actor: string
  /** The machine's name. */
  readonly machine: string
  /** Facts by kind: JSON values only. */
  readonly data: Readonly<Record<string, unknown>>
}

/** An event in its chain: `hash` is SHA-256, in hex, of canonicalEvent(event); `prev` is the hash before, or FIRST_PREV. */
export interface AuditEvent extends AuditEventInput {
  readonly prev: string
  readonly hash: string
}

/** `prev` of the first event of a repository's audit log. */
export const FIRST_PREV = '0'.repeat(64)

/** Is it a kind of the table, or of one of its families? */
export function isEventKind(text: string): text is EventKind {
  const family = `${text.slice(0, text.indexOf('.') + 1)}*`
  return (
    !text.endsWith('*') && (Object.hasOwn(EVENT_KINDS, text) || Object.hasOwn(EVENT_KINDS, family))
  )
}

/** The one JSON text of an event without its hash: fields in the order below, keys of `data` sorted, no white space. */
export function canonicalEvent(event: Omit<AuditEvent, 'hash'>): string {
  const { id, repo, kind, at, term, index, actor, machine, data, prev } = event
  const head = JSON.stringify({ id, repo, kind, at, term, index, actor, machine })
  return `${head.slice(0, -1)},"data":${canonicalJson(data)},"prev":${JSON.stringify(prev)}}`
}

/** An event as its line stands in the log: the canonical text with the hash as its last member. */
export function eventLine(event: AuditEvent): string {
  return `${canonicalEvent(event).slice(0, -1)},"hash":${JSON.stringify(event.hash)}}`
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  // As JSON.stringify does in arrays: what JSON cannot say is null.
  if (value === undefined || typeof value === 'function') return 'null'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const object = value as Readonly<Record<string, unknown>>
  let fields = ''
  for (const key of Object.keys(object).sort()) {
    const field = object[key]
    if (field === undefined) continue
    fields += `${fields === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(field)}`
  }
  return `{${fields}}`
}
