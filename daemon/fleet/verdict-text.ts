// A verdict as text, for workers that have no tool for it: the last block `REVIEW_VERDICT: … END_REVIEW` of a review, the last line
// `SMOKE: pass` or `SMOKE: fail REASON` of a test. What cannot be read is no verdict, and never an approval.
import type { AssignmentType } from '../../protocol/index.ts'

export interface TextVerdict {
  readonly outcome: 'pass' | 'fail'
  readonly note: string
}

/** @param text what the worker said, as wordsIn gives it */
export function verdictIn(type: AssignmentType, text: string): TextVerdict | null {
  switch (type) {
    case 'work':
      return null
    case 'review':
      return reviewIn(text)
    case 'test':
    case 'smoke':
      return smokeIn(text)
  }
}

const OUTCOMES: Readonly<Record<string, TextVerdict['outcome']>> = {
  ...{ approve: 'pass', approved: 'pass', pass: 'pass' },
  ...{ 'request-changes': 'fail', 'request changes': 'fail', fail: 'fail' },
}

/** The block is whole, says one of the words that are known, and nothing else beside it. */
function reviewIn(text: string): TextVerdict | null {
  const lines = text.split('\n').map(bare)
  const end = lines.findLastIndex((line) => line === 'END_REVIEW')
  const begin = lines.slice(0, Math.max(0, end)).findLastIndex((line) => VERDICT.test(line))
  if (end === -1 || begin === -1) return null
  const word = (VERDICT.exec(lines[begin] ?? '')?.[1] ?? '').toLowerCase()
  const outcome = Object.hasOwn(OUTCOMES, word) ? OUTCOMES[word] : undefined
  if (outcome === undefined) return null
  const body = text
    .split('\n')
    .slice(begin + 1, end)
    .filter((line) => !/^\W*REVIEW_BODY:?\W*$/.test(line))
    .join('\n')
    .trim()
  if (outcome === 'fail' && blocksNothing(body)) return { outcome: 'pass', note: body }
  return { outcome, note: body }
}

const VERDICT = /^REVIEW_VERDICT:?\s*(.*)$/

/** A list of what blocks that is there, and says in so many words that nothing does. */
function blocksNothing(body: string): boolean {
  const lines = body.split('\n').map(bare)
  const at = lines.findIndex((line) => /^blocking(?: findings| issues)?:?/i.test(line))
  if (at === -1) return false
  const [, here = ''] = /^blocking(?: findings| issues)?:?\s*(.*)$/i.exec(lines[at] ?? '') ?? []
  const next = lines.findIndex((line, of) => of > at && /^(?:non-blocking|nits?)\b/i.test(line))
  const said = [here, ...lines.slice(at + 1, next === -1 ? undefined : next)].filter(
    (line) => line !== '',
  )
  return said.length > 0 && said.every((line) => /^none\.?$/i.test(line))
}

/** The last such line counts; `baseline-red` is neither. */
function smokeIn(text: string): TextVerdict | null {
  const last = text
    .split('\n')
    .map(bare)
    .findLast((line) => line.startsWith('SMOKE:'))
  const [, word = '', note = ''] = /^SMOKE:\s*(pass|fail)\b[\s:,.-]*(.*)$/i.exec(last ?? '') ?? []
  if (word.toLowerCase() === 'pass') return { outcome: 'pass', note }
  return word.toLowerCase() === 'fail' ? { outcome: 'fail', note } : null
}

/** Without the marks that a model puts around its words. */
function bare(line: string): string {
  return line.replaceAll(/^[\s*`#>•-]+|[\s*`]+$/g, '')
}

/**
 * What a worker said itself in its log: the texts of lines of JSON, as its launchers write them, without what its tools answered. Other
 * lines are its words only where plain text is what it speaks.
 */
export function wordsIn(log: string, isPlain: boolean): string {
  return log
    .split('\n')
    .flatMap((line) => {
      const event = line.startsWith('{') ? fieldsIn(line) : null
      if (event === null) return isPlain ? [line] : []
      return textsOf(event)
    })
    .join('\n')
}

type Fields = Readonly<Record<string, unknown>>

function textsOf(event: Fields): readonly string[] {
  const { type } = event
  // Claude Code: turns, and a result that repeats the last of them.
  if (type === 'assistant') return blocksOf(fieldsOf(event['message'])['content'])
  if (type === 'result') return textOf(event['result'])
  // Codex: one item each.
  const item = fieldsOf(event['item'])
  if (type === 'item.completed' && item['type'] === 'agent_message') return textOf(item['text'])
  // opencode: parts of a message.
  return type === 'text' ? textOf(fieldsOf(event['part'])['text']) : []
}

function blocksOf(content: unknown): readonly string[] {
  if (!Array.isArray(content)) return []
  return content.map(fieldsOf).flatMap((block) => {
    return block['type'] === 'text' ? textOf(block['text']) : []
  })
}

function textOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : []
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function fieldsIn(line: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(line))
  } catch {
    return null
  }
}
