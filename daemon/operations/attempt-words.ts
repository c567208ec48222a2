// What a further attempt is told beside its task: how the one before ended, and what a person says to it. What others wrote stands quoted,
// line by line, so that no text can pass for another part of it.
import { FLEET_LIMITS, type Assignment } from '../../protocol/index.ts'

/** What stands above it is the task itself. */
const ATTEMPT = /\n+--- attempt \d+ ---\n/

/** The task's own text, without the words of attempts before. */
export function taskOf(prompt: string): string {
  const at = ATTEMPT.exec(prompt)?.index
  return at === undefined ? prompt : prompt.slice(0, at)
}

/** @param task its own text @param guidance what an operator says to it, or nothing */
export function attemptPrompt(
  task: string,
  before: Assignment,
  attempt: number,
  guidance: string,
): string {
  const words = [
    `--- attempt ${String(attempt)} ---`,
    ...(before.type === 'work' ? goOn(before) : []),
    ...whyAgain(before),
    ...(guidance === '' ? [] : ['', 'A person says:', guidance]),
  ].join('\n')
  const room = 2 * FLEET_LIMITS.promptCharactersMax - words.length - 2
  return `${task.slice(0, room)}\n\n${words}`
}

function goOn({ attempt, branch, commit }: Assignment): readonly string[] {
  const pushed = commit === undefined ? '' : `, pushed as ${commit}`
  return [
    `You continue the work of attempt ${String(attempt)} on its branch ${branch}${pushed}. Look at what is there (git log, git diff against the default branch) and go on from it; do not start over.`,
  ]
}

function whyAgain({ state, reason, note, verdicts, landing }: Assignment): readonly string[] {
  const end = reason === undefined ? state : `${state} (${reason})`
  const failing = Object.values(verdicts).filter(({ outcome }) => outcome === 'fail')
  return [
    ...(state === 'succeeded' ? [] : [`The attempt before ended: ${end}.`, ...quoted(note)]),
    ...failing.flatMap((verdict) => [
      `The ${verdict.kind} of ${verdict.commit.slice(0, 12)} failed:`,
      ...quoted(verdict.note),
    ]),
    ...(landing?.state === 'blocked'
      ? [
          `It does not land on ${landing.target} (${landing.reason ?? ''}):`,
          ...quoted(landing.note),
          ...(landing.reason === 'conflict' ? [together(landing.target)] : []),
        ]
      : []),
  ]
}

function together(target: string): string {
  return `Bring the two together: git fetch origin ${target}, git merge origin/${target}, keep what both meant, and commit.`
}

function quoted(text = ''): readonly string[] {
  return text === '' ? [] : text.split('\n').map((line) => `> ${line}`)
}
