// Words of others, as they come from a tracker: cleaned and bounded before anything is done with them.
import { clean, cleanLines } from '../callers.ts'

/** One line. */
export function lineOf(text: string, charactersMax: number): string {
  return clean(text.slice(0, charactersMax))
}

/** Several lines; ends with a mark where there was more. */
export function linesOf(text: string, charactersMax: number): string {
  const kept = cleanLines(text.slice(0, charactersMax))
  return text.length > charactersMax ? `${kept}\n${CUT}` : kept
}

const CUT = '[… the rest is not read]'

/** An address to show; null for what is none. */
export function linkOf(text: string | null | undefined): string | null {
  const isLink = text !== null && text !== undefined && text.length <= LINK_CHARACTERS_MAX
  return isLink && /^https?:\/\/[!-~]+$/.test(text) ? text : null
}

const LINK_CHARACTERS_MAX = 500
