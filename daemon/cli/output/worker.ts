// What a worker is told that uses the command line.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Page } from './page.ts'
import { clean } from './text.ts'

const END = 'Somebody wants you to end: commit what is worth keeping, and end your turn.'

export function reportFace({ stopping }: OperationResult<'report-status'>): readonly string[] {
  return [stopping ? END : 'Noted.']
}

export function askFace(
  { answered, answer, by, stopping }: OperationResult<'ask'>,
  page: Page,
): readonly string[] {
  if (stopping) return [END]
  if (!answered)
    return [
      page.paint('warning', 'No answer yet.'),
      'End your turn: you are started again with the answer, in the same worktree.',
    ]
  return [`${clean(by ?? 'a person')} answers:`, ...(answer ?? '').split('\n').map(clean)]
}

export function verdictFace(
  { id, verdict: { kind, outcome, commit }, already }: OperationResult<'submit-verdict'>,
  page: Page,
): readonly string[] {
  const word = page.paint(outcome === 'pass' ? 'good' : 'bad', outcome)
  return [`${kind} ${word} of ${commit.slice(0, 12)}, for ${id}${already ? ', as before' : ''}`]
}
