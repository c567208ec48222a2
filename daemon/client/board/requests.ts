// Requests to give way as a board lists them: those that want an answer first, then those that got one lately. Pure.
import { requestJson, type OperationResult } from '../../../protocol/index.ts'
import type { RepoSnapshot } from './board-feed.ts'
import type { SearchFields } from './filter.ts'

export type RequestRow = OperationResult<'request'>['request']

/** Open ones by the end of their time, then the others, the latest first: the same as `skein requests`. */
export function requestsIn({ ledger }: Pick<RepoSnapshot, 'ledger'>): RequestRow[] {
  const open = [...ledger.asked.values()].map((asked) => requestJson(asked, null))
  open.sort((a, b) => (a.answer_by < b.answer_by ? -1 : 1))
  const over = ledger.answered.map((end) => requestJson(end.request, end))
  return [...open, ...over.reverse()]
}

export function requestFields(request: RequestRow): SearchFields {
  const { id, claim, holder, requester, reason, decision, urgency } = request
  const path = request.scope ?? request.pattern ?? ''
  return { id, claim, holder, requester, reason, decision, urgency, path }
}
