// Operations, called with the token of this page.
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import type { Login } from './login.ts'

export type Call = <Name extends OperationName>(
  name: Name,
  input: object,
) => Promise<OperationResult<Name>>

/** What the daemon answered, or that it does not. */
export class CallError extends Error {
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, hint = '') {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** @param onEnd the daemon does not know the token any more. */
export function createCall({ token }: Login, onEnd: () => void): Call {
  return async <Name extends OperationName>(name: Name, input: object) => {
    const response = await send(name, input, token)
    const body: unknown = await response.json().catch(() => null)
    if (response.status === 401) onEnd()
    const error = errorIn(body)
    if (error !== null) throw error
    if (body === null) throw new CallError('UNREADABLE', 'The answer cannot be read.')
    return body as OperationResult<Name>
  }
}

async function send(name: OperationName, input: object, token: string): Promise<Response> {
  try {
    return await fetch(`/v1/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
  } catch {
    throw new CallError('DAEMON_DOWN', 'The daemon does not answer.', 'skein up --background')
  }
}

function errorIn(body: unknown): CallError | null {
  if (typeof body !== 'object' || body === null) return null
  const found = 'error' in body && typeof body.error === 'object' ? body.error : body
  if (found === null || !('code' in found) || !('message' in found)) return null
  const hint = 'hint' in found && typeof found.hint === 'string' ? found.hint : ''
  return new CallError(String(found.code), String(found.message), hint)
}
