// A caller of the daemon: HTTP/1.1 over its unix socket, one connection kept alive, the same input that the command line
// sends, and the answer parsed as JSON.
import { Exchange, type Parse } from './exchange.ts'
import type { LoadCaller } from './caller.ts'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
  readonly head: string
}

export interface Identity {
  readonly socket: string
  readonly checkout: string
  readonly port?: { readonly number: number; readonly token: string }
  readonly name: string
}

/** One party that calls operations, one after another. */
export interface Party {
  /** @throws Error with what was answered, unless that is 200. */
  readonly call: (operation: string, input: object) => Promise<Readonly<Record<string, unknown>>>
  readonly ping: () => Promise<void>
  readonly close: () => void
}

export async function openParty(identity: Identity): Promise<Party> {
  const { socket, checkout, port, name } = identity
  const place = port === undefined ? { path: socket } : { host: '127.0.0.1', port: port.number }
  const exchange = await Exchange.open(place, parseHttp)
  // Paths of this machine are taken from the socket only.
  const where = port === undefined ? { cwd: checkout } : { repo: 'bench/repo' }
  const self = { agent: name, session: `session-of-${name}`, ...where }
  const heads = headsFor(port)

  return {
    async call(operation, input) {
      const body = JSON.stringify({ ...self, ...input })
      const { status, body: text } = await exchange.ask(post(`/v1/${operation}`, heads, body))
      if (status !== 200) throw new Error(`${operation} answered ${String(status)}: ${text}`)
      return JSON.parse(text) as Readonly<Record<string, unknown>>
    },
    async ping() {
      const { status } = await exchange.ask(`GET /healthz HTTP/1.1\r\n${heads}\r\n`)
      if (status !== 200) throw new Error(`/healthz answered ${String(status)}`)
    },
    close() {
      exchange.close()
    },
  }
}

export async function openSkeinCaller(identity: Identity): Promise<LoadCaller> {
  const { call, ping, close } = await openParty(identity)
  return {
    async claim(key) {
      const { status } = await call('claim', { scopes: [{ kind: 'file', pattern: key }] })
      if (status !== 'granted') throw new Error(`${key} was not granted`)
    },
    async release() {
      await call('release', { mine: true })
    },
    async check(key) {
      await call('check', { scopes: [{ kind: 'file', pattern: key }] })
    },
    ping,
    close,
  }
}

export function headsFor(port: Identity['port']): string {
  if (port === undefined) return 'host: skein\r\n'
  return `host: 127.0.0.1:${String(port.number)}\r\nauthorization: Bearer ${port.token}\r\n`
}

export function post(path: string, heads: string, body: string): string {
  const length = String(Buffer.byteLength(body))
  return `POST ${path} HTTP/1.1\r\n${heads}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
}

const HEAD_END = '\r\n\r\n'

export const parseHttp: Parse<HttpAnswer> = (bytes) => {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const start = headEnd + HEAD_END.length
  const stated = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (stated === undefined) return parseChunks(bytes, start, status, head)
  const length = start + Number(stated)
  if (bytes.length < length) return null
  return { answer: { status, head, body: bytes.toString('utf8', start, length) }, length }
}

function parseChunks(
  bytes: Buffer,
  start: number,
  status: number,
  head: string,
): ReturnType<typeof parseHttp> {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return null
    if (size === 0) {
      return { answer: { status, head, body: Buffer.concat(parts).toString('utf8') }, length: next }
    }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}
