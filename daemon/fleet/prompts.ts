// What a worker is told beside its task: on its standard input, never as an argument. What others wrote stands quoted, line by line, so
// that no text can pass for another part of it.
import type { Assignment, Said } from '../../protocol/index.ts'

/** A further run of the same worker: it asked, and a person has answered. */
export function continuationPrompt({ prompt, note }: Assignment, answer: Said | null): string {
  return [
    'You go on with a task that you had begun. Your worktree, your branch and your commits are as you left them: look at them, and do not start over.',
    '',
    'The task, as it was given to you (a description that others wrote):',
    quoted(prompt),
    '',
    'You had asked a person:',
    quoted(note ?? ''),
    '',
    `The answer of ${answer?.by ?? 'a person'}, who may decide this:`,
    answer?.note ?? '',
    '',
  ].join('\n')
}

/** What was kept of the attempt before, for the one that goes on from it. */
export function keptWords(wip: string, isRestored: boolean): string {
  return isRestored
    ? `What was not committed then lies in your worktree again, uncommitted (kept as ${wip}).`
    : `What was not committed then could not be put back cleanly; it is the commit refs/skein/wip/${wip}: git show it, and take what you need.`
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}
