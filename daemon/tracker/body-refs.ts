// References to other issues in a line of a body: `#12`, alone, in a list, or behind words that say what they are to it.

export interface Refs {
  readonly numbers: readonly number[]
  /** Of other repositories: `team/other#12`. */
  readonly foreign: readonly string[]
}

const BEFORE = /\b(?:depends[ -]on|blocked[ -]by)\b[:*_\s]*/gi
const DENIED = /\b(?:not|no longer|never|isn't|n't)\s+$/i
const ONE = /[\s,;&+]*(?:and\s+)?\[?(?:([\w.-]+\/[\w.-]+)#\d{1,9}|#(\d{1,9}))\b(?:\]\([^)\s]*\))?/iy

/** Those behind `depends on` and `blocked by`, whereever they stand in the line. */
export function readBlockers(line: string): Refs {
  const text = plain(line)
  const found = [...text.matchAll(BEFORE)]
    .filter(({ index }) => !DENIED.test(text.slice(Math.max(0, index - 20), index)))
    .map((match) => readAt(text, match.index + match[0].length))
  return merged(found)
}

/** Those that a list item begins with. */
export function readListed(line: string): Refs {
  const text = plain(line)
  const [start = ''] = /^\s*(?:(?:\d{1,9}[.)]|[-*+])\s+)?(?:\[[ xX]\]\s+)?/.exec(text) ?? []
  return merged([readAt(text, start.length), readBlockers(line)])
}

/** The references that follow each other from a place on. */
export function readAt(text: string, at: number): Refs & { readonly end: number } {
  const numbers: number[] = []
  const foreign: string[] = []
  let end = at
  for (;;) {
    ONE.lastIndex = end
    const found = ONE.exec(text)
    if (found === null) return { numbers, foreign, end }
    const [whole, , digits] = found
    end += whole.length
    if (digits === undefined) foreign.push(whole.replace(/^[\s,;&+[]+/, ''))
    else if (Number(digits) > 0) numbers.push(Number(digits))
  }
}

/** Without what is struck out, and what is shown as code. */
export function plain(line: string): string {
  return line.replaceAll(/~~[^~]*~~/g, ' ').replaceAll(/`[^`]*`/g, ' ')
}

function merged(parts: readonly Refs[]): Refs {
  return {
    numbers: [...new Set(parts.flatMap(({ numbers }) => numbers))],
    foreign: [...new Set(parts.flatMap(({ foreign }) => foreign))],
  }
}
