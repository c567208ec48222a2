// What a session should hear with its next hook's answer: a wait that was granted, a claim that ended against its will, a
// request, somebody's write to what it holds, time that runs out. For sessions that were seen at a hook; in memory only, for
// the inbox tells the lasting part again.
import { type AuditEvent, type LedgerClaim, expiresAtMs } from '../../protocol/index.ts'
import { listed, scopeName, timeText } from './words.ts'

export interface Notices {
  /** The session has a hook, so it can be told. */
  expect(session: string): void
  /** Something about it. */
  tell(session: string, line: string): void
  /** What has gathered, once. */
  take(session: string): readonly string[]
  /** An event of a ledger. */
  readonly hear: (event: AuditEvent) => void
  /** Lines on time that runs out, each level once for each claim. */
  warn(asked: Warning): readonly string[]
}

export interface Warning {
  readonly claims: readonly LedgerClaim[]
  readonly nowMs: number
  /** How long the session was silent before this call. */
  readonly silentMs: number
  readonly idleReleaseMs: number
}

const SESSIONS_MAX = 1_000
const LINES_MAX = 20
const WARNED_MAX = 10_000
const LEVELS = [0.5, 0.8] as const

export function createNotices(machine: string): Notices {
  const lines = new Map<string, string[]>()
  const warned = new Map<string, number>()
  const tell = (session: string, line: string): void => {
    const known = lines.get(session)
    if (known !== undefined && known.length < LINES_MAX && !known.includes(line)) known.push(line)
  }
  return {
    expect(session) {
      const known = lines.get(session) ?? []
      lines.delete(session)
      lines.set(session, known)
      const oldest = lines.keys().next().value
      if (lines.size > SESSIONS_MAX && oldest !== undefined) lines.delete(oldest)
    },
    tell,
    take: (session) => lines.get(session)?.splice(0) ?? [],
    hear(event) {
      const told = lineOf(event, machine)
      if (told !== null) tell(told.session, told.line)
    },
    warn({ claims, nowMs, silentMs, idleReleaseMs }) {
      const late = claims.filter((claim) => {
        const endsAt = expiresAtMs(claim)
        const share = (nowMs - claim.stamp.wallMs) / Math.max(1, endsAt - claim.stamp.wallMs)
        return isNewLevel(warned, `${claim.id} ${String(endsAt)}`, share)
      })
      return [...idleLine(claims, silentMs, idleReleaseMs), ...endingLine(late)]
    },
  }
}

/** Silence ends with this very call; the claims would have ended with more of it. */
function idleLine(
  claims: readonly LedgerClaim[],
  silentMs: number,
  idleReleaseMs: number,
): readonly string[] {
  if (claims.length === 0 || silentMs < LEVELS[0] * idleReleaseMs) return []
  const share = silentMs >= LEVELS[1] * idleReleaseMs ? '80' : '50'
  const minutes = (ms: number): string => String(Math.round(ms / 60_000))
  return [
    `skein: this session was silent for ${minutes(silentMs)} min, over ${share} % of the ${minutes(idleReleaseMs)} min after which its claims end by themselves: ${listed(claims.map(scopeName))}.`,
  ]
}

function endingLine(late: readonly LedgerClaim[]): readonly string[] {
  if (late.length === 0) return []
  const what = late.map((claim) => `${scopeName(claim)} at ${timeText(expiresAtMs(claim))}`)
  return [`skein: claims of this session end: ${listed(what)}. To keep them: skein renew`]
}

function isNewLevel(warned: Map<string, number>, key: string, share: number): boolean {
  const level = LEVELS.filter((each) => share >= each).length
  if (level <= (warned.get(key) ?? 0)) return false
  warned.set(key, level)
  const oldest = warned.keys().next().value
  if (warned.size > WARNED_MAX && oldest !== undefined) warned.delete(oldest)
  return true
}

/** Whom an event concerns that its session did not cause itself. */
function lineOf(
  { kind, data, actor, machine: where }: AuditEvent,
  machine: string,
): { readonly session: string; readonly line: string } | null {
  const text = (name: string): string => {
    const value = data[name]
    return typeof value === 'string' ? value : ''
  }
  const own = text('session')
  const about = (session: string, line: string) =>
    session === '' ? null : { session, line: `skein: ${line}` }
  switch (kind) {
    case 'queue.granted': {
      const patterns = Array.isArray(data['patterns']) ? data['patterns'].map(String) : []
      return where !== machine
        ? null
        : about(
            own,
            `the wait is over: you hold ${listed(patterns)}. Others may have changed it: read it again before you write it.`,
          )
    }
    case 'queue.expired': {
      const patterns = Array.isArray(data['patterns']) ? data['patterns'].map(String) : []
      return where !== machine
        ? null
        : about(own, `the wait for ${listed(patterns)} is over, and it is still held.`)
    }
    case 'claim.released':
    case 'claim.expired': {
      const reason = text('reason')
      if (where !== machine || WILLING.has(reason)) return null
      return about(own, `your claim on ${text('pattern')} has ended (${reason}).`)
    }
    case 'wip.kept':
      return where !== machine
        ? null
        : about(
            own,
            `what you had not committed under it is kept: skein wip restore ${text('wip')}`,
          )
    case 'request.filed':
      return about(
        text('holder_session'),
        `${actor} asks you to give up ${text('pattern')} ("${text('reason')}"): skein respond ${text('request')} approve|deny`,
      )
    case 'guard.bypassed':
    case 'guard.leaked':
    case 'guard.renamed':
      return about(text('holder_session'), heldLine(kind, actor, text('path'), text('reason')))
    default:
      return null
  }
}

function heldLine(kind: string, actor: string, path: string, reason: string): string {
  if (kind === 'guard.renamed') return `${actor}: ${reason} (${path} is yours, or you wait for it).`
  return kind === 'guard.leaked'
    ? `${actor} changed ${path}, which you hold (${reason}). Look before you write it again.`
    : `${actor} writes ${path}, which you hold, by SKEIN_BYPASS ("${reason}").`
}

const WILLING = new Set(['released', 'session-ended', 'completed', 'requested', 'superseded'])
