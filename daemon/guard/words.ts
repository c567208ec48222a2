// The guard's words, for models and people. What others wrote (names, descriptions, reasons) is quoted, and was cleaned when
// it came in.
import { shellQuote, type LedgerClaim, type OperationResult } from '../../protocol/index.ts'

type Refused = Pick<
  OperationResult<'claim'>,
  'conflicts' | 'more_conflicts' | 'waiters' | 'options' | 'queue'
>
type ConflictJson = OperationResult<'claim'>['conflicts'][number]

const CONFLICTS_SHOWN_MAX = 5
const NAMES_SHOWN_MAX = 5

export interface RefusalWords {
  /** Where the commands are good; null: where the caller is. */
  readonly folder: string | null
  /** Why less would not do, or why there is no place in the queue. */
  readonly why: string | null
  /** Which part of the session asked; null: itself. */
  readonly subagent: string | null
}

/** Why an act is refused: who, what, until when, and what to type. */
export function refusalText(refused: Refused, { folder, why, subagent }: RefusalWords): string {
  const { conflicts, waiters, queue } = refused
  const shown = conflicts.slice(0, CONFLICTS_SHOWN_MAX)
  const hidden = conflicts.length - shown.length + refused.more_conflicts
  const wait = refused.options.find(({ action }) => action === 'wait')
  const ask = refused.options.find(({ action }) => action === 'request')
  return [
    `skein: not written${subagent === null ? '' : ` by ${subagent}`}, for another session holds it.`,
    ...shown.map(conflictLine),
    ...(hidden > 0 ? [`and ${String(hidden)} more`] : []),
    ...(why === null ? [] : [why]),
    ...placeLines(queue),
    ...(queue !== null || wait === undefined
      ? []
      : [`To wait for it${placeWords(waiters.length)}: ${typed(wait.command, folder)}`]),
    ...(ask === undefined ? [] : [`To ask the holder: ${typed(ask.command, folder)}`]),
    'Or go on with something that nobody holds.',
  ].join('\n')
}

/** Its place in the queue, which needs nobody's attention. */
function placeLines(queue: Refused['queue']): readonly string[] {
  if (queue === null) return []
  const { id, ahead, expires_at: end } = queue
  return [
    `This session waits for it now${placeWords(ahead.length)}, until ${timeText(Date.parse(end))} at most. It is told once it holds it; the edit may be made then.`,
    `To wait for that: skein wait ${id}. To give the place up: skein cancel ${id}`,
  ]
}

function conflictLine(conflict: ConflictJson): string {
  const { claim, your_pattern: yours, symbol_overlap: shared, lock_delay_s: delay } = conflict
  const symbols = shared.flatMap((each) => each.symbols)
  const what = symbols.length === 0 ? yours : `${yours} (${listed(symbols)})`
  if (delay !== null)
    return `${what}: ${claim.agent} held it until a moment ago; free in ${String(delay)} s`
  const scope = claim.pattern === yours ? '' : ` as ${claim.pattern}`
  const purpose = claim.description === '' ? '' : `, for "${claim.description}"`
  return `${what}: held${scope} by ${claim.agent} on ${claim.machine} until ${timeText(Date.parse(claim.expires_at))}${purpose} (${claim.id})`
}

function placeWords(ahead: number): string {
  return ahead === 0 ? '' : ` (${String(ahead)} wait before you)`
}

function typed(command: string, folder: string | null): string {
  if (folder === null || / (?:clm|que|req)_/.test(command)) return command
  return `(cd ${shellQuote(folder)} && ${command})`
}

/** `14:32 UTC`, with the day where it is another. */
export function timeText(ms: number): string {
  const at = new Date(ms).toISOString()
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
}

export function scopeName({ pattern, symbols }: Pick<LedgerClaim, 'pattern' | 'symbols'>): string {
  return symbols.length === 0 ? pattern : `${pattern}:${listed(symbols)}`
}

/** The first of many. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ')
  const hidden = names.length - NAMES_SHOWN_MAX
  return hidden > 0 ? `${shown} and ${String(hidden)} more` : shown
}
