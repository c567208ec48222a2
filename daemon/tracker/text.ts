// Words of others, as they come from a tracker: cleaned and bounded before anything is done with them.
import { clean } from '../callers.ts'

/** One line. */
export function lineOf(text: string, charactersMax: number): string {
  return clean(text.slice(0, charactersMax))
}

/** Several lines; ends with a mark where there was more. */
export function linesOf(text: string, charactersMax: number): string {
  const unix = text.slice(0, charactersMax).replaceAll(/\r\n?/g, '\n')
  const kept = unix.replaceAll(UNPRINTABLE, ' ')
  return text.length > charactersMax ? `${kept}\n${CUT}` : kept
}

/** Everything that `clean` takes out, but for line breaks and tabs. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
const CUT = '[… the rest is not read]'

/** An address to show; null for what is none. */
export function linkOf(text: string | null | undefined): string | null {
  const isLink = text !== null && text !== undefined && text.length <= LINK_CHARACTERS_MAX
  return isLink && /^https?:\/\/[!-~]+$/.test(text) ? text : null
}

const LINK_CHARACTERS_MAX = 500
