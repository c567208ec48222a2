// The link into the browser's board as people read it.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Page } from './page.ts'
import { count } from './text.ts'

export function webFace(result: OperationResult<'web'>, page: Page): readonly string[] {
  const { url, expires_in_s: seconds, may_act: mayAct, revoked } = result
  if (url === null) return [`${count(revoked, 'login')} of the board ended.`]
  const what = mayAct ? 'Shows the mesh, and acts for you.' : 'Shows the mesh, and changes nothing.'
  return [url, page.paint('quiet', `${what} Works once, within ${String(seconds)} s.`)]
}
