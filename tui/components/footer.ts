// The bottom of the screen: what is typed or was told last, and the keys that make sense here.
import type { Board } from '../model/board.ts'
import { cutTo, harmless, widthOf } from '../model/cells.ts'
import { span, type Line, type Tone } from '../model/lines.ts'
import type { Mode, Ui } from '../model/ui.ts'
import type { Row } from '../views/view.ts'

interface FooterInput {
  readonly ui: Ui
  readonly board: Board
  readonly rows: readonly Row[]
  readonly chosen: Row | null
  readonly width: number
}

export function footerLines(input: FooterInput): readonly Line[] {
  return [sayLine(input), hintLine(input)]
}

const SIGNS = { filter: '/', find: 'find: ', command: ':' } as const

function sayLine({ ui, rows, board, chosen, width }: FooterInput): Line {
  const { mode, note } = ui
  if (mode.kind === 'type') return typed(SIGNS[mode.what], mode.text, width)
  if (mode.kind === 'ask') return typed(`${mode.question.prompt} `, mode.text, width)
  if (note !== null) {
    const tone: Tone = note.level === 'plain' ? 'quiet' : note.level
    return [span(cutTo(harmless(note.text), width), tone)]
  }
  const next = nextStep(chosen)
  if (next !== null && ui.filters[ui.view] === '')
    return [span('next: ', 'strong'), span(cutTo(next, width - 6))]
  const filter = ui.filters[ui.view]
  const words = [
    filter === '' ? '' : `filter: ${filter} (${found(rows)})`,
    ui.view === 'claims' ? `by ${ui.order}` : '',
    ui.view === 'workers' ? `by ${ui.workerOrder}` : '',
    board.queue.length === 0 ? 'queue: empty' : `queue: ${String(board.queue.length)} waiting`,
  ]
  return [span(cutTo(words.filter((word) => word !== '').join('   '), width), 'quiet')]
}

/** Of a worker that is kept from going on, the command that clears it. */
function nextStep(chosen: Row | null): string | null {
  const subject = chosen?.subject ?? null
  return subject?.kind === 'worker' ? (subject.worker.blocker?.next ?? null) : null
}

function hintLine({ ui, chosen, width }: FooterInput): Line {
  const hints = [...hintsOf(ui.mode), ...(ui.mode.kind === 'list' ? listHints(ui, chosen) : [])]
  const shown: string[] = []
  let used = 0
  for (const hint of hints) {
    if (used + hint.length + 3 > width) break
    shown.push(hint)
    used += hint.length + 3
  }
  return [span(shown.join('   '), 'quiet')]
}

function hintsOf(mode: Mode): readonly string[] {
  switch (mode.kind) {
    case 'list':
      return ['? help', 'q quit']
    case 'type':
      return ['Enter go', 'Esc leave it']
    case 'ask':
      return mode.question.answer === 'yes'
        ? ['y yes', 'any other key: no']
        : ['Enter go on', 'Esc leave it']
    case 'log':
      return ['j/k scroll', 'G follow', 'Esc close']
    case 'page':
    case 'help':
      return ['j/k scroll', 'Esc close']
  }
}

function listHints(ui: Ui, chosen: Row | null): readonly string[] {
  const subject = chosen?.subject ?? null
  const own: readonly string[] = subject === null ? [] : (HINTS[subject.kind] ?? [])
  return [
    ...own,
    '/ filter',
    ...(ui.view === 'claims' || ui.view === 'workers' ? ['s sort'] : []),
    ': command',
    'y copy id',
  ]
}

const HINTS: Readonly<Partial<Record<NonNullable<Row['subject']>['kind'], readonly string[]>>> = {
  claim: ['Enter details', 'x release'],
  folder: ['←→ close, open'],
  wait: ['Enter details', 'x give up', 'o its holder'],
  request: ['Enter details', 'a approve', 'd deny', 'w narrow', 'c coexist'],
  hotspot: ['Enter details'],
  event: ['Enter details', 'o its claim'],
  repo: ['Enter details', 'o look at it'],
  machine: ['Enter details'],
  worker: ['Enter details', 'L log', 'a answer', 'x stop'],
  proposal: ['Enter details', 'a approve'],
}

/** The end of what is typed is what a person looks at. */
function typed(sign: string, text: string, width: number): Line {
  let shown = harmless(text)
  while (widthOf(sign) + widthOf(shown) > width - 1 && shown !== '')
    shown = Array.from(shown).slice(1).join('')
  return [span(sign, 'strong'), span(shown), span(' ', 'chosen')]
}

function found(rows: readonly Row[]): string {
  return String(rows.filter(({ subject }) => subject !== null && subject.kind !== 'folder').length)
}
