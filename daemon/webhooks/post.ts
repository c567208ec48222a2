// One message to one address.
import { send, type Answered } from '../outgoing.ts'
import type { Message } from './message.ts'

export type Posted =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly status: number | null; readonly problem: string }

/** Never throws: what went wrong is the answer. What the receiver says beside its status is nothing to us. */
export async function post(
  url: URL,
  { body, headers }: Message,
  signal: AbortSignal,
): Promise<Posted> {
  return postedOf(await send(url, { method: 'POST', headers, body }, signal, 0))
}

export function postedOf(answered: Answered): Posted {
  if (answered.kind === 'failed') return { ok: false, status: null, problem: answered.problem }
  const { status } = answered
  if (status >= 200 && status < 300) return { ok: true, status }
  const said = `status ${String(status)}`
  const isRedirect = status >= 300 && status < 400
  return { ok: false, status, problem: isRedirect ? `${said}: redirects are not followed` : said }
}
