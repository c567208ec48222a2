// The top of the screen: what is looked at, whether it can be relied on, and the views. It is never blank.
import { answeringText, standingIn } from '../../daemon/client/board/standing.ts'
import type { Asked, Board } from '../model/board.ts'
import { cutTo, harmless, widthOf } from '../model/cells.ts'
import { span, type Line, type Span } from '../model/lines.ts'
import { VIEW_NAMES, type ViewName } from '../views/view.ts'
import { VIEWS } from '../views/views.ts'

const ALARMS_SHOWN_MAX = 2

export interface HeaderInput {
  readonly board: Board
  readonly asked: Asked
  readonly view: ViewName
  readonly width: number
}

export function headerLines(input: HeaderInput): readonly Line[] {
  const { alarms } = input.board
  return [
    placeLine(input),
    tabLine(input),
    ...alarms.slice(0, ALARMS_SHOWN_MAX).map(({ level, word, text }): Line => {
      const line = cutTo(harmless(` ${word}: ${text}`), input.width)
      return [span(line.padEnd(input.width), level === 'bad' ? 'alarm' : 'warning')]
    }),
  ]
}

function placeLine({ board, width }: HeaderInput): Line {
  const { snapshot, repo } = board
  const { status } = snapshot
  if (status === null) return [span('skein', 'strong'), span('  asking the daemon …', 'quiet')]
  const now = repo?.now ?? status.repos.find(({ id }) => id === repo?.id)
  const mesh = `${status.machine}  ${answeringText(snapshot)} machines`
  const end: Span = span(mesh, 'quiet')
  const start: Span[] = [span('skein  ', 'quiet'), span(repo?.id ?? 'no repository', 'strong')]
  if (now != null) {
    const { level, word } = standingIn(snapshot, now)
    const tone = level === 'good' ? 'good' : level
    const facts = `  leader ${now.leader ?? 'none'}  term ${String(now.term)}  voters ${now.voters.join(', ')}`
    start.push(span('  '), span(word, tone), span(facts, 'quiet'))
  }
  return spread(start, end, width)
}

function tabLine({ board, asked, view, width }: HeaderInput): Line {
  const isNarrow = width < 112
  const tabs = VIEW_NAMES.map((name, i): Span => {
    const { title, short = title, count } = VIEWS[name]
    const number = count(board, asked)
    const many = number === null ? '' : ` ${number === 0 ? NONE[name] : String(number)}`
    const text = `${String(i + 1)} ${isNarrow ? short : title}${many}`
    return span(isNarrow ? text : ` ${text} `, name === view ? 'chosen' : 'plain')
  })
  const line = tabs.flatMap((tab, i) => (i === 0 ? [tab] : [span(isNarrow ? ' ' : '  '), tab]))
  return cut(line, width)
}

/** Silence must not look like health, nor like a thing that is not there. */
const NONE: Readonly<Record<ViewName, string>> = {
  overview: '',
  claims: '0',
  queue: 'empty',
  requests: '0',
  hotspots: '',
  events: '',
  workers: '0',
}

/** The end stands at the right where there is room for it. */
function spread(start: readonly Span[], end: Span, width: number): Line {
  const used = start.reduce((sum, { text }) => sum + widthOf(text), 0)
  const space = width - used - widthOf(end.text)
  return space < 2 ? cut(start, width) : [...start, span(' '.repeat(space)), end]
}

function cut(line: Line, width: number): Line {
  let left = width
  return line.map(({ text, tone }) => {
    const shown = cutTo(text, left)
    left -= widthOf(shown)
    return { text: shown, tone }
  })
}
