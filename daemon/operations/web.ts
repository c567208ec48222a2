// The operation `web`: a link into the browser's board, or the end of all its logins.
import { SkeinError, type OperationInput, type OperationResult } from '../../protocol/index.ts'
import { WEB_LOGIN } from '../access/web-logins.ts'
import { cleanName } from '../callers.ts'
import { isPerson, type Handler } from './context.ts'

type Result = OperationResult<'web'>

/** Whoever has no terminal may look, and what it opens may not act. */
export const web: Handler<OperationInput<'web'>> = (parts, input, context) => {
  const { webLogins, about } = parts
  if (input.revoke === true) {
    const revoked = webLogins.revokeAll()
    return Promise.resolve({ url: null, expires_in_s: 0, may_act: false, revoked } satisfies Result)
  }
  if (about.http === null) throw new SkeinError('BUSY', 'the daemon does not listen yet')
  const mayAct = isPerson(parts, input, context)
  const user = input.agent ?? input.caller?.user ?? 'person'
  const code = webLogins.newCode(cleanName(user, 'the name of the agent'), mayAct)
  const result: Result = {
    url: `${about.http}/#${code}`,
    expires_in_s: WEB_LOGIN.codeMs / 1000,
    may_act: mayAct,
    revoked: 0,
  }
  return Promise.resolve(result)
}
