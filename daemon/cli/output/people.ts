// Whom a line is about, and what to type next.
import type { Page } from './page.ts'
import { padding } from './text.ts'
import { widthOf } from './width.ts'

/** The reader is "you": a name would have to be recognised first. */
export function holderName(
  claim: { readonly agent: string; readonly session: string },
  page: Page,
): string {
  return claim.session === page.session ? 'you' : claim.agent
}

/** Commands as they can be typed, each with its reason. */
export function nextSteps(
  commands: readonly (readonly [command: string, why: string])[],
  page: Page,
): readonly string[] {
  if (commands.length === 0) return []
  const width = Math.max(...commands.map(([command]) => widthOf(command)))
  const lines = commands.map(([command, why]) => {
    const isLong = 4 + width + widthOf(why) > page.width
    const reason = page.paint('quiet', why)
    if (isLong) return `  ${command}\n      ${reason}`
    return `  ${command}${padding(command, width)}  ${reason}`
  })
  return ['', page.paint('strong', 'ACTION REQUIRED:'), ...lines]
}
