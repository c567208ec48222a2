// What was not done about renamed declarations, in words for a person at a commit or a push, and for a model.
import type { Followed, Following } from './follow.ts'

const FILES_NAMED_MAX = 3

/** A claim that stayed behind covers the old name alone, and the answer is judged by that. */
export function unfollowedLines({ followed, unlooked }: Following): readonly string[] {
  return [...followed.flatMap(lineOf), ...unlookedLine(unlooked)]
}

export function unlookedLine(files: readonly string[]): readonly string[] {
  if (files.length === 0) return []
  const named = files.slice(0, FILES_NAMED_MAX).join(', ')
  const more = files.length - FILES_NAMED_MAX
  const where = more > 0 ? `${named} and ${String(more)} more` : named
  return [`whether claimed declarations were renamed was not looked at in ${where}`]
}

function lineOf(one: Followed): readonly string[] {
  const { claim, renamed } = one
  const names = renamed.map(({ from, to }) => `${from} is called ${to} now`).join(', ')
  const behind = `${names} in ${claim.pattern}, and ${claim.id} names only the old`
  switch (one.kind) {
    case 'followed':
    // The judgement names whoever holds it.
    case 'refused':
      return []
    case 'late':
      return [`${behind}: no majority has answered yet`]
    case 'failed':
      return [`${behind}: ${one.error.message}`]
  }
}
