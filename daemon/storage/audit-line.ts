// One line of an audit log: the canonical text of an event with its hash as the last member. The hash is checked over the
// line's own bytes, so any changed byte is seen, one that leaves the JSON's meaning alone included.
import type { AuditEvent, AuditEventInput } from '../../protocol/index.ts'
import { canonicalEvent } from '../../protocol/index.ts'
import { sha256 } from '../sha256.ts'

const HASH = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s

/** The event with its place in the chain, and its line without the newline. */
export function chainEvent(
  input: AuditEventInput,
  prev: string,
): { event: AuditEvent; line: string } {
  const body = canonicalEvent({ ...input, prev })
  const hash = sha256(body)
  return { event: { ...input, prev, hash }, line: `${body.slice(0, -1)},"hash":"${hash}"}` }
}

/** The event on a line, whether its hash is right or not; null if it is not an event. */
export function decodeLine(line: string): AuditEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    return isEvent(value) ? value : null
  } catch {
    return null
  }
}

/** The hash that a line states and the one that its bytes have; null if it states none. */
export function hashesOf(line: Buffer): { stated: string; actual: string } | null {
  // latin1 keeps each byte apart, so that bytes which are not UTF-8 are hashed as they are.
  const [, body, stated] = HASH.exec(line.toString('latin1')) ?? []
  if (body === undefined || stated === undefined) return null
  return { stated, actual: sha256(Buffer.from(`${body}}`, 'latin1')) }
}

function isEvent(value: unknown): value is AuditEvent {
  if (typeof value !== 'object' || value === null) return false
  const event = value as Record<string, unknown>
  const texts = ['id', 'repo', 'kind', 'at', 'actor', 'machine', 'prev', 'hash']
  const hasTexts = texts.every((key) => typeof event[key] === 'string')
  const hasPlace = typeof event['term'] === 'number' && typeof event['index'] === 'number'
  return hasTexts && hasPlace && typeof event['data'] === 'object' && event['data'] !== null
}
