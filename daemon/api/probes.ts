// What anybody on this machine may know without a token: is it alive, is it ready, what is it.
import type { Route } from './http-call.ts'

export interface Probed {
  readonly isReady: () => boolean
  readonly meta: () => Readonly<Record<string, unknown>>
}

const TEXT = 'text/plain; charset=utf-8'

/** `/readyz` is in operation-free words: coord's clients read its JSON, load balancers its status. */
export function probeRoutes({ isReady, meta }: Probed): readonly Route[] {
  const alive = { status: 200, body: 'ok', type: TEXT }
  const open = (path: string, summary: string, answer: Route['answer']): Route => ({
    method: 'GET',
    path,
    access: 'open',
    about: { summary, tag: 'process' },
    answer,
  })
  return [
    open('/healthz', 'Is the process alive?', () => alive),
    open('/health', 'Is the process alive?', () => alive),
    open('/readyz', 'Is every enrolled ledger served?', () => {
      const ready = isReady()
      const status = ready ? 'ready' : 'not ready'
      return { status: ready ? 200 : 503, body: { status, ...meta() } }
    }),
    open('/meta', 'What runs here', () => ({ status: 200, body: meta() })),
  ]
}
