// One request to an address of config.yml: bounded in time and size, never redirected, never to the link-local addresses where
// machines of a cloud keep their secrets.
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type Answered =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** By their names in lower case. */
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  | { readonly kind: 'failed'; readonly problem: string }

const REQUEST_MS_MAX = 10_000
const LINK_LOCAL = new net.BlockList()
LINK_LOCAL.addSubnet('169.254.0.0', 16)
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6')
// The same, written as IPv6; and the address of one cloud's metadata.
LINK_LOCAL.addSubnet('::ffff:169.254.0.0', 112, 'ipv6')
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6')

export function isLinkLocal(address: string): boolean {
  const family = net.isIP(address)
  return family !== 0 && LINK_LOCAL.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Never throws: what went wrong is the answer.
 * @param bytesMax of the answer's body; 0 when it is of no interest. A longer one is a failure.
 */
export function send(
  url: URL,
  { method, headers, body }: Sent,
  signal: AbortSignal,
  bytesMax: number,
): Promise<Answered> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isLinkLocal(host)) return Promise.resolve(failed('a link-local address is never called'))
  const start = url.protocol === 'https:' ? https.request : http.request
  const bounds = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS_MAX)])
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve) => {
    const fail = (error: Error): void => {
      const isLate = bounds.aborted && !signal.aborted
      const late = `no answer within ${String(REQUEST_MS_MAX / 1000)} s`
      resolve(failed(isLate ? late : error.message))
    }
    try {
      const options = {
        method,
        headers: { ...headers, ...length },
        lookup: lookUpAllowed,
        signal: bounds,
        // Each connection is looked up anew: a name may move.
        agent: false,
      } as const
      const request = start(url, options, (response) => {
        response.on('error', fail)
        take(response, bytesMax, resolve)
      })
      request.on('error', fail)
      request.end(body ?? undefined)
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

function take(
  response: http.IncomingMessage,
  bytesMax: number,
  resolve: (answer: Answered) => void,
): void {
  const answer = (body: string): void => {
    const headers = headersOf(response)
    resolve({ kind: 'answered', status: response.statusCode ?? 0, headers, body })
  }
  if (bytesMax === 0) {
    response.resume()
    answer('')
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
    else response.destroy(new Error(`an answer of more than ${String(bytesMax)} bytes`))
  })
  response.on('end', () => {
    answer(Buffer.concat(chunks).toString('utf8'))
  })
}

function headersOf({ headers }: http.IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(entries)
}

function failed(problem: string): Answered {
  return { kind: 'failed', problem }
}

const lookUpAllowed: net.LookupFunction = (name, options, callback) => {
  dns.lookup(name, { ...options, all: true }, (error, addresses) => {
    const allowed = error === null ? addresses.filter(({ address }) => !isLinkLocal(address)) : []
    const [first] = allowed
    if (error !== null) callback(error, '', 0)
    else if (first === undefined)
      callback(new Error(`${name} is at a link-local address, which is never called`), '', 0)
    else if (options.all === true) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}
