// What anybody on this machine may know without a token: is it alive, is it ready, what is it.
import type { Route } from './http-call.ts'

export interface Probed {
  readonly isReady: () => boolean
  readonly version: string
  /** Are there files here that symbols can be looked up in? */
  readonly hasCheckout: () => boolean
}

const TEXT = 'text/plain; charset=utf-8'

/** `/readyz` is in operation-free words: coord's clients read its JSON, load balancers its status. */
export function probeRoutes({ isReady, version, hasCheckout }: Probed): readonly Route[] {
  /** What coord's clients read: how to log in, and whether symbols are checked. */
  const meta = (): Readonly<Record<string, unknown>> => ({
    name: 'skein',
    version,
    auth_mode: 'bearer',
    oidc_enabled: false,
    repo_root_configured: hasCheckout(),
  })
  const alive = { status: 200, body: 'ok', type: TEXT }
  const open = (
    path: string,
    summary: string,
    answer: Route['answer'],
    about: Partial<Route['about']> = {},
  ): Route => ({
    method: 'GET',
    path,
    access: 'open',
    about: { summary, tag: 'process', ...about },
    answer,
  })
  const text = { type: 'text/plain' }
  return [
    open('/healthz', 'Is the process alive?', () => alive, text),
    open('/health', 'Is the process alive?', () => alive, text),
    open('/readyz', 'Is every enrolled ledger served?', () => {
      const ready = isReady()
      const status = ready ? 'ready' : 'not ready'
      return { status: ready ? 200 : 503, body: { status, ...meta() } }
    }),
    open('/meta', 'What runs here', () => ({ status: 200, body: meta() })),
  ]
}
