// What the body of an issue declares, beside its prose: files under `## Files`, issues that stand before it (`Depends on #12`,
// `Blocked by #12`, also as headings with a list), and under `## Work order` the order of other issues.
// Whoever may open an issue writes this text: reading it takes time in proportion to its bounds, and what is odd is left out with a
// note, never an error.
import { readFileLine, type FileWord } from './body-files.ts'
import { readBlockers, readListed } from './body-refs.ts'
import { readOrder, type Ordered } from './body-order.ts'
import { lineOf } from './text.ts'

export interface BodyFacts {
  readonly files: readonly string[]
  /** Numbers of the issues that stand before this one. */
  readonly after: readonly number[]
  /** What its work order says of other issues. */
  readonly order: readonly Ordered[]
  readonly notes: readonly string[]
}

/** A forge takes no longer body; Gitea does, and what is behind that counts for nothing. */
const CHARACTERS_MAX = 65_536
const LINE_CHARACTERS_MAX = 1_000
const FILES_MAX = 100
/** Room for the files, and for some prose between them: each line may cost a pattern. */
const SECTION_LINES_MAX = 200
const AFTER_MAX = 50
const NOTES_MAX = 10

type Section = 'files' | 'blockers' | 'order' | 'prose'

interface Line {
  readonly section: Section
  readonly text: string
  readonly isCode: boolean
}

const SECTIONS: Readonly<Record<string, Section>> = {
  files: 'files',
  'depends on': 'blockers',
  dependencies: 'blockers',
  'blocked by': 'blockers',
  'work order': 'order',
}

export function readBody(body: string): BodyFacts {
  const lines = splitLines(withoutComments(body.slice(0, CHARACTERS_MAX)))
  const notes: string[] = []
  const files = filesIn(lines, notes)
  // What is quoted or shown as code is said of something else.
  const said = lines.filter(({ text, isCode }) => !isCode && !/^\s*>/.test(text))
  const after = said.flatMap(({ section, text }) => {
    if (section === 'order') return []
    const read = section === 'blockers' ? readListed(text) : readBlockers(text)
    notes.push(...read.foreign.map((each) => `${lineOf(each, 200)} is not of this repository`))
    return read.numbers
  })
  const listed = said.filter(({ section }) => section === 'order').slice(0, SECTION_LINES_MAX)
  const order = readOrder(listed.map(({ text }) => text))
  return {
    files: bounded([...new Set(files)], FILES_MAX, 'files', notes),
    after: bounded([...new Set(after)], AFTER_MAX, 'issues that stand before it', notes),
    order,
    notes: notes.slice(0, NOTES_MAX),
  }
}

function filesIn(lines: readonly Line[], notes: string[]): readonly string[] {
  const words = lines
    .filter(({ section }) => section === 'files')
    .slice(0, SECTION_LINES_MAX)
    .flatMap(({ text, isCode }): readonly FileWord[] => readFileLine(text, isCode))
  return words.flatMap((word) => {
    if (word.kind === 'pattern') return [word.text]
    notes.push(`\`${lineOf(word.text, 100)}\` under Files is left out: ${word.problem}`)
    return []
  })
}

/** What forms put there for people who fill them in. */
function withoutComments(text: string): string {
  const parts: string[] = []
  let at = 0
  for (;;) {
    const start = text.indexOf('<!--', at)
    if (start < 0) return parts.join('') + text.slice(at)
    parts.push(text.slice(at, start))
    const end = text.indexOf('-->', start + 4)
    if (end < 0) return parts.join('')
    at = end + 3
  }
}

function splitLines(text: string): readonly Line[] {
  let section: Section = 'prose'
  let level = 0
  let fence: string | null = null
  const lines: Line[] = []
  for (const whole of text.split(/\r\n|\r|\n/)) {
    const line = whole.slice(0, LINE_CHARACTERS_MAX)
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? []
    if (fence !== null) {
      if (mark?.startsWith(fence) === true) fence = null
      else lines.push({ section, text: line, isCode: true })
      continue
    }
    if (mark !== undefined) {
      fence = mark
      continue
    }
    const [, signs, title] = /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(line) ?? []
    if (signs === undefined || title === undefined) {
      lines.push({ section, text: line, isCode: false })
      continue
    }
    const found = sectionOf(title)
    // A heading below that of a section is a part of it.
    if (found === 'prose' && section !== 'prose' && signs.length > level) continue
    section = found
    level = signs.length
  }
  return lines
}

function sectionOf(title: string): Section {
  const name = title.trim().toLowerCase().split(/[:#]/, 1)[0]?.trim() ?? ''
  return Object.hasOwn(SECTIONS, name) ? (SECTIONS[name] ?? 'prose') : 'prose'
}

function bounded<Item>(
  items: readonly Item[],
  most: number,
  what: string,
  notes: string[],
): readonly Item[] {
  if (items.length <= most) return items
  notes.unshift(`only the first ${String(most)} of ${String(items.length)} ${what} are read`)
  return items.slice(0, most)
}
