// A caller of the daemon: HTTP/1.1 over its unix socket, one connection kept alive, the same input that the command line
// sends, and the answer parsed as JSON.
import { Exchange, type Parse } from './exchange.ts'
import type { LoadCaller } from './caller.ts'

interface HttpAnswer {
  readonly status: number
  readonly body: string
}

interface Identity {
  readonly socket: string
  readonly checkout: string
  readonly name: string
}

export async function openSkeinCaller({ socket, checkout, name }: Identity): Promise<LoadCaller> {
  const exchange = await Exchange.open({ path: socket }, parseHttp)
  const self = { agent: name, session: `session-of-${name}`, cwd: checkout }

  async function call(
    operation: string,
    input: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const body = JSON.stringify({ ...self, ...input })
    const { status, body: text } = await exchange.ask(post(operation, body))
    if (status !== 200) throw new Error(`${operation} answered ${String(status)}: ${text}`)
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  }

  return {
    async claim(key) {
      const { status } = await call('claim', { scopes: [{ kind: 'file', pattern: key }] })
      if (status !== 'granted') throw new Error(`${key} was not granted`)
    },
    async release() {
      await call('release', { mine: true })
    },
    async ping() {
      const { status } = await exchange.ask('GET /healthz HTTP/1.1\r\nhost: skein\r\n\r\n')
      if (status !== 200) throw new Error(`/healthz answered ${String(status)}`)
    },
    async check(key) {
      await call('check', { scopes: [{ kind: 'file', pattern: key }] })
    },
    close() {
      exchange.close()
    },
  }
}

function post(operation: string, body: string): string {
  const length = String(Buffer.byteLength(body))
  return `POST /v1/${operation} HTTP/1.1\r\nhost: skein\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
}

const HEAD_END = '\r\n\r\n'

const parseHttp: Parse<HttpAnswer> = (bytes) => {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const start = headEnd + HEAD_END.length
  const stated = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (stated === undefined) return parseChunks(bytes, start, status)
  const length = start + Number(stated)
  if (bytes.length < length) return null
  return { answer: { status, body: bytes.toString('utf8', start, length) }, length }
}

function parseChunks(bytes: Buffer, start: number, status: number): ReturnType<typeof parseHttp> {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return null
    if (size === 0) {
      return { answer: { status, body: Buffer.concat(parts).toString('utf8') }, length: next }
    }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}
