// The first line of a connection: the bridge's greeting, which says who calls from where, or the first JSON-RPC message of a
// bare client, of which nothing may be lost. Nobody is known yet, so it is bounded in bytes and in time.
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { LIMITS } from '../protocol/index.ts'
import type { ConnectionCaller } from '../daemon/client/operations.ts'
import { clip, cleanText } from './text.ts'

export type Opening =
  | { readonly kind: 'greeted'; readonly caller: ConnectionCaller }
  | { readonly kind: 'bare' }
  /** Neither; `code` is JSON-RPC's. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** The other side left before its first line was whole. */
  | { readonly kind: 'gone' }

/** JSON-RPC 2.0, section 5.1. */
export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600

const GREETING_BYTES_MAX = 4_096

/** Reads until the kind of the connection is known, and leaves the stream paused, with everything behind the greeting in it. */
export function readOpening(stream: Duplex, timeMs: number): Promise<Opening> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0)

    function settle(opening: Opening, rest: Buffer): void {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onGone).off('close', onGone)
      stream.pause()
      if (rest.length > 0 && !stream.destroyed) stream.unshift(rest)
      resolve(opening)
    }
    function onData(chunk: Buffer): void {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf('\n')
      const opening = end === -1 ? judgeBeginning(held) : judgeLine(held.subarray(0, end))
      if (opening === null) return
      settle(opening, opening.kind === 'greeted' ? held.subarray(end + 1) : held)
    }
    function onGone(): void {
      settle({ kind: 'gone' }, Buffer.alloc(0))
    }

    const late = refuse(INVALID_REQUEST, `No first line within ${String(timeMs / 1000)} s.`)
    const timer = setTimeout(settle, timeMs, late, Buffer.alloc(0))
    stream.on('data', onData).on('end', onGone).on('close', onGone)
  })
}

/** A line that is still arriving: a long one can only be a client's, which has a limit of its own. */
function judgeBeginning(held: Buffer): Opening | null {
  if (held.length <= GREETING_BYTES_MAX) return null
  const start = held.toString('utf8', 0, 64).trimStart()
  if (start.startsWith('{') && !/^\{\s*"skein"/.test(start)) return { kind: 'bare' }
  return refuse(
    INVALID_REQUEST,
    `The first line is longer than ${String(GREETING_BYTES_MAX)} bytes.`,
  )
}

function judgeLine(line: Buffer): Opening {
  if (line.length > GREETING_BYTES_MAX) return judgeBeginning(line) ?? { kind: 'bare' }
  const message = parseObject(line.toString('utf8'))
  if (message === null)
    return refuse(PARSE_ERROR, `The first line is not a JSON object. ${EXPECTED}`)
  if ('skein' in message) return judgeGreeting(message)
  if (message['jsonrpc'] === '2.0') return { kind: 'bare' }
  return refuse(INVALID_REQUEST, `The first line is neither a greeting nor JSON-RPC. ${EXPECTED}`)
}

const EXPECTED = 'Expected JSON-RPC 2.0, one message a line.'

const name = z.string().min(1).max(LIMITS.nameCharactersMax).nullish()

/** Unknown fields pass: a newer bridge may know more. */
const GREETING = z.object({
  skein: z.literal(1),
  cwd: z.string().startsWith('/').max(GREETING_BYTES_MAX).nullish(),
  repo: name,
  agent: name,
  session: name,
  harness: name,
  user: name,
  pid: z.int().positive().nullish(),
  started: z.string().max(100).nullish(),
})

function judgeGreeting(message: object): Opening {
  const greeting = GREETING.safeParse(message)
  if (!greeting.success) {
    const [issue] = greeting.error.issues
    const what = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`
    return refuse(INVALID_REQUEST, `Wrong greeting: ${clip(cleanText(what), 200)}.`)
  }
  const facts = Object.entries(greeting.data).filter(
    ([key, value]) => key !== 'skein' && value != null,
  )
  return { kind: 'greeted', caller: Object.fromEntries(facts) }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : null
  } catch {
    return null
  }
}

function refuse(code: number, message: string): Opening {
  return { kind: 'refused', code, message }
}
