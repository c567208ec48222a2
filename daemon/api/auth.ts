// Who may speak on the loopback port: a bearer of the home's token, under a name of this listener. A page that a browser
// loaded from elsewhere has neither, even when its name was pointed at this machine.
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { SkeinError, SYNC_TOKEN_PREFIX } from '../../protocol/index.ts'
import type { AccessTokens } from '../access/tokens.ts'
import type { Grant } from '../client/operations.ts'

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/** @throws SkeinError HOST_REFUSED */
export function requireOwnName(request: IncomingMessage, port: number): void {
  const names = LOOPBACK_NAMES.map((name) => `${name}:${String(port)}`)
  const { host, origin } = request.headers
  if (host === undefined || !names.includes(host)) {
    throw new SkeinError('HOST_REFUSED', 'the Host header is not a name of this listener', {
      hint: `Use http://${names[0] ?? ''}`,
    })
  }
  if (origin !== undefined && !names.some((name) => origin === `http://${name}`)) {
    throw new SkeinError('HOST_REFUSED', 'the Origin header is not one of this listener')
  }
}

/** A browser's WebSocket can send no header: its token is one of the protocols that it offers. */
export function withOfferedToken({ headers }: IncomingMessage): Pick<IncomingMessage, 'headers'> {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const token = offered.find((name) => name.startsWith(SYNC_TOKEN_PREFIX))
  if (token === undefined) return { headers }
  return { headers: { authorization: `Bearer ${token.slice(SYNC_TOKEN_PREFIX.length)}` } }
}

/** What the bearer may do; null: everything. @throws SkeinError UNAUTHENTICATED */
export function authenticate(
  { headers: { authorization = '' } }: Pick<IncomingMessage, 'headers'>,
  { token, tokens }: { readonly token: string; readonly tokens: Pick<AccessTokens, 'grantOf'> },
): Grant | null {
  const text = bearerIn(authorization)
  const given = Buffer.from(text)
  const wanted = Buffer.from(token)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return null
  const grant = tokens.grantOf(text)
  if (grant !== null) return grant
  throw new SkeinError('UNAUTHENTICATED', 'the bearer token is missing, wrong or has ended')
}

/** The text that a caller shows, whatever it is worth. */
export function bearerIn(authorization: string | undefined): string {
  return authorization?.replace(/^Bearer /i, '') ?? ''
}
