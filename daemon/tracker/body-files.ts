// One line under `## Files`: the patterns in it.
import { parsePattern, SkeinError } from '../../protocol/index.ts'

export type FileWord =
  | { readonly kind: 'pattern'; readonly text: string }
  | { readonly kind: 'bad'; readonly text: string; readonly problem: string }

/** What people write where there is nothing to say. */
const NOTHING = /^(?:none|n\/a|tbd|todo|unknown|-+|\.\.\.|…)[.:]?$/i
const ITEM = /^\s*(?:\d{1,9}[.)]|[-*+])\s+(?:\[[ xX]\]\s+)?(.*)$/

/** @param isCode inside a fence, where a line is nothing but a path. */
export function readFileLine(line: string, isCode: boolean): readonly FileWord[] {
  const [, item] = ITEM.exec(line) ?? []
  const text = (item ?? line).trim()
  if (text === '') return []
  const spans = [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '')
  if (spans.length > 0 && text.startsWith('`')) return spans.flatMap(wordOf)
  // Prose between the lists.
  if (item === undefined && !isCode && /\s/.test(text)) return []
  const [, linked] = /^\[([^\]]+)\]\(/.exec(text) ?? []
  return wordOf(linked ?? text.split(/\s/, 1)[0] ?? '')
}

function wordOf(word: string): readonly FileWord[] {
  const text = word.trim().replace(/[,;:]$/, '')
  if (text === '' || NOTHING.test(text)) return []
  try {
    return [{ kind: 'pattern', text: parsePattern(text, { caseExact: true }).text }]
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return [{ kind: 'bad', text, problem: 'it is no pattern that can be claimed' }]
  }
}
