// One message to one address: bounded in time and size, never redirected, never to the link-local addresses where machines of a
// cloud keep their secrets.
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Message } from './message.ts'

export type Posted =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly status: number | null; readonly problem: string }

const POST_MS_MAX = 10_000
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

/** Never throws: what went wrong is the answer. */
export function post(url: URL, { body, headers }: Message, signal: AbortSignal): Promise<Posted> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isLinkLocal(host)) return Promise.resolve(failed('a link-local address is never called'))
  const start = url.protocol === 'https:' ? https.request : http.request
  const bounds = AbortSignal.any([signal, AbortSignal.timeout(POST_MS_MAX)])
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve) => {
    const fail = (error: Error): void => {
      const isLate = bounds.aborted && !signal.aborted
      resolve(failed(isLate ? `no answer within ${String(POST_MS_MAX / 1000)} s` : error.message))
    }
    try {
      const options = {
        method: 'POST',
        headers: { ...headers, ...length },
        lookup: lookUpAllowed,
        signal: bounds,
        // Each connection is looked up anew: a name may move.
        agent: false,
      } as const
      const request = start(url, options, (response) => {
        const status = response.statusCode ?? 0
        response.on('error', fail)
        // What it says beside its status is nothing to us.
        response.resume()
        resolve(status >= 200 && status < 300 ? { ok: true, status } : refused(status))
      })
      request.on('error', fail)
      request.end(body)
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

function refused(status: number): Posted {
  const problem =
    status >= 300 && status < 400
      ? `status ${String(status)}: redirects are not followed`
      : `status ${String(status)}`
  return { ok: false, status, problem }
}

function failed(problem: string): Posted {
  return { ok: false, status: null, problem }
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
