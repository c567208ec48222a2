// A worker's tools: they are listed to workers alone, so that nobody else pays for them.
import { z } from 'zod'
import { CONFIDENCES, FLEET_LIMITS, OUTPUTS, type OperationResult } from '../../protocol/index.ts'
import { clip, cleanText, lines, quote } from '../text.ts'
import { defineTool, type Tool } from '../tool.ts'
import { place, waitSeconds, WRITE } from './arguments.ts'

const words = z.string().min(1).max(FLEET_LIMITS.noteCharactersMax)
const findings = z.array(words).max(FLEET_LIMITS.findingsMax)

export const WORKER_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'report_status',
    operation: 'report-status',
    description: 'Say after each step of weight what you did and what comes next.',
    annotations: WRITE,
    args: z.strictObject({
      text: words,
      confidence: z.enum(CONFIDENCES).optional(),
      ...place,
    }),
    aliases: { status: 'text', message: 'text' },
    result: OUTPUTS['report-status'],
    toInput: (args) => args,
    render: ({ stopping }) => (stopping ? END : 'Noted. Go on.'),
  }),
  defineTool({
    name: 'ask',
    operation: 'ask',
    description:
      'Ask a person when two ways have failed or you need a decision. Waits for the answer; without one end your turn: you are started again with it.',
    annotations: WRITE,
    args: z.strictObject({
      question: words,
      wait_s: waitSeconds.optional().describe('seconds, default 300'),
      ...place,
    }),
    aliases: { wait_seconds: 'wait_s', timeout: 'wait_s' },
    result: OUTPUTS.ask,
    toInput: (args) => args,
    render: renderAnswer,
  }),
  defineTool({
    name: 'submit_verdict',
    operation: 'submit-verdict',
    description: 'Say what you found of the work that you were given to look at, once, at the end.',
    annotations: { ...WRITE, idempotentHint: true },
    args: z.strictObject({
      outcome: z.enum(['pass', 'fail']),
      blocking: findings.optional().describe('must change before it lands; fail needs one'),
      concerns: findings.optional(),
      nits: findings.optional(),
      note: words.optional(),
      ...place,
    }),
    result: OUTPUTS['submit-verdict'],
    toInput: (args) => args,
    render: ({ verdict: { kind, outcome, commit }, already }) =>
      `${already ? 'Noted before' : 'Noted'}: ${kind} ${outcome} of ${commit.slice(0, 12)}. End your turn.`,
  }),
]

/** Of an answer that is one line. */
const LINE_BYTES_MAX = 2 * FLEET_LIMITS.answerCharactersMax

const END = 'Somebody wants you to end: commit what is worth keeping, and end your turn.'

function renderAnswer({ answered, answer, by, stopping }: OperationResult<'ask'>): string {
  if (stopping) return END
  if (!answered)
    return 'No answer yet. End your turn now: you are started again with the answer, in the same worktree.'
  return lines(
    `Answered by ${quote(by ?? 'a person', 40)}, who may decide this:`,
    ...(answer ?? '').split('\n').map((line) => clip(cleanText(line), LINE_BYTES_MAX)),
    'Go on with it.',
  )
}
