// The board on a terminal: what is known, what was chosen, and the screen that follows from both. Everything below is drawn from
// lines; everything typed goes to keys.ts.
import { useInput } from 'ink'
import { useLayoutEffect, useMemo, useSyncExternalStore } from 'react'
import {
  beside,
  filled,
  helpLines,
  lastTop,
  listLines,
  logLines,
  pageLines,
} from './components/body.ts'
import { questionLines, scrolled } from './components/body.ts'
import { footerLines } from './components/footer.ts'
import { headerLines } from './components/header.ts'
import { NO_TELLING, tellingLines } from './components/telling.ts'
import { useBoard } from './hooks/use-board.ts'
import { useClock } from './hooks/use-clock.ts'
import { useEvents } from './hooks/use-events.ts'
import { useHotspots } from './hooks/use-hotspots.ts'
import { useSize } from './hooks/use-size.ts'
import { useStory } from './hooks/use-story.ts'
import { useTail } from './hooks/use-tail.ts'
import { pressKeys } from './keys.ts'
import type { Asked, Subject } from './model/board.ts'
import { detailLines, type Story } from './model/detail.ts'
import { nameOf } from './model/keys.ts'
import type { Line } from './model/lines.ts'
import type { Ui } from './model/ui.ts'
import type { Frame } from './frame.ts'
import { WIDE_CELLS, type Session } from './session.ts'
import { VIEWS } from './views/views.ts'

const GAP_CELLS = 3
const FOOTER_LINES = 2

export function App({ session }: { readonly session: Session }) {
  const { host, store, paint } = session
  const { columns, rows: screenRows } = useSize()
  const ui = useSyncExternalStore(store.subscribe, store.get)
  const board = useBoard(session, ui.repo)
  const nowMs = useClock(host.now)
  const repo = board.repo?.id ?? null
  const events = useEvents(host, repo, ui.view === 'events')
  const hotspots = useHotspots(host, repo, ui.view === 'hotspots')
  const asked = useMemo((): Asked => ({ events, hotspots }), [events, hotspots])

  const header = headerLines({ board, asked, view: ui.view, width: columns })
  const telling = host.telling ?? NO_TELLING
  const told = useSyncExternalStore(telling.subscribe, telling.lines)
  const story = tellingLines(told, columns, screenRows)
  const height = Math.max(3, screenRows - header.length - story.length - FOOTER_LINES)
  session.drawn = { board, asked, height, width: columns }
  const { frame } = session
  const { rows, placed } = frame

  const chosen = rows[placed.index] ?? null
  const subject = ui.isDetailOpen ? (chosen?.subject ?? null) : null
  const history = useStory(host, repo, subject, session.asks)
  const tail = useTail(host, repo, subject)
  useInput((input, key) => {
    pressKeys(session, nameOf(input, key), input)
  })
  const body = bodyLines({ ui, frame, subject, story: history, tail, height, nowMs })
  const footer = footerLines({ ui, board, rows, chosen, width: columns })
  const picture = [...header, ...body, ...story, ...footer].map(paint)
  // Past Ink, which takes a picture apart into cells to draw it: a tenth of a second for a large screen.
  useLayoutEffect(() => {
    session.draw(picture)
  })
  return null
}

interface BodyInput {
  readonly ui: Ui
  readonly frame: Frame
  readonly subject: Subject | null
  readonly story: Story
  readonly tail: readonly string[]
  readonly height: number
  readonly nowMs: number
}

function bodyLines(input: BodyInput): readonly Line[] {
  const { ui, frame, subject, height } = input
  const { width } = frame
  const { mode } = ui
  if (mode.kind === 'help') return scrolled(helpLines(width), mode.top, height)
  if (mode.kind === 'page')
    return scrolled(pageLines(mode.title, mode.lines, width), mode.top, height)
  if (mode.kind === 'log') {
    const lines = logLines(mode, width)
    return scrolled(lines, mode.top ?? lastTop(lines.length, height), height)
  }
  if (mode.kind === 'ask') return filled(questionLines(mode.question.lines, width), height)
  if (subject === null) return list(input, width)
  if (width < WIDE_CELLS) return scrolled(details(input, subject, width), ui.detailTop, height)
  const listWidth = Math.floor(width * 0.6)
  const right = details(input, subject, width - listWidth - GAP_CELLS)
  return beside(list(input, listWidth), scrolled(right, ui.detailTop, height), listWidth)
}

function list({ ui, frame, height, nowMs }: BodyInput, width: number): readonly Line[] {
  const { board, asked, rows, placed } = frame
  const view = VIEWS[ui.view]
  return listLines({ view, board, asked, rows, placed, width, height, nowMs })
}

function details({ frame, story, tail, nowMs }: BodyInput, subject: Subject, width: number) {
  return detailLines(subject, frame.board, story, { width, nowMs, tail })
}
