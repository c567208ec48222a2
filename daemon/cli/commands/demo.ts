// `skein demo`: three machines, twelve agents and a network that breaks, on this one computer, told as it happens. What it
// shows are answers of real daemons, and it fails when they do not do what skein promises.
import { SkeinError } from '../../../protocol/index.ts'
import type { DemoEvent } from '../../demo/events.ts'
import { openScenery, type Scenery } from '../../demo/scenery/scenery.ts'
import { playStory } from '../../demo/story/story.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LocalCommand } from '../machine.ts'
import { demoLines } from '../output/demo.ts'
import { pageOn, type Page } from '../output/page.ts'
import { openDemoBoard, requireTerminal, type DemoBoard } from './demo-board.ts'

/** A line each so often, that eyes can follow where nothing has to be waited for. */
const PACE_MS = 160
/** Two things to look at: the line, and what it does to the board. */
const BOARD_PACE_MS = 500

export const run: LocalCommand = async (command, io, machine) => {
  const isOnBoard = command.fields['board'] === true
  if (isOnBoard) requireTerminal(command, io)
  const teller = createTeller(command, io)
  teller.say(intro(teller.page))
  await teller.tell({
    kind: 'act',
    title: 'Three machines become one mesh',
    text: 'Invited and let in as people do it. All three vote, so any two of them can decide.',
  })
  const scenery = await openScenery({
    ...{ self: io.self, env: io.env, signal: io.interrupted },
    tell: teller.tell,
  })
  const keep = command.fields['keep'] === true
  const board = isOnBoard ? openDemoBoard(scenery, command, io, machine) : null
  try {
    if (board !== null) teller.tellOn(board)
    const totals = await playStory(scenery, {
      tell: teller.tell,
      paceMs: paceOf(teller, io, board),
    })
    await teller.tell({ kind: 'done', seconds: teller.seconds(), ...totals })
    if (keep) await board?.left
    await board?.end()
    await teller.catchUp()
    if (keep) await stay(scenery, teller, io)
  } finally {
    await board?.close().catch(() => undefined)
    await teller.catchUp()
    await scenery.close({ keep })
  }
  teller.say(['', ...outro(scenery, keep, teller.page)])
  return 0
}

interface Teller {
  readonly page: Page
  readonly isJson: boolean
  readonly tell: (event: DemoEvent) => Promise<void>
  readonly say: (lines: readonly string[]) => void
  readonly seconds: () => number
  /** From now on, and until it is left. */
  readonly tellOn: (board: DemoBoard) => void
  /** Everything that was told on the board stands on the terminal, too. */
  readonly catchUp: () => Promise<void>
}

function createTeller({ fields }: Command, io: Io): Teller {
  const started = performance.now()
  const page = pageOn(io.stdout, io)
  const isJson = fields['json'] === true
  const seconds = (): number => Number(((performance.now() - started) / 1000).toFixed(1))
  let board: DemoBoard | null = null
  /** Told while the board has the screen. */
  let kept: readonly string[] = []
  let caughtUp = Promise.resolve()
  const say = (lines: readonly string[]): void => {
    if (isJson || fields['quiet'] === true) return
    if (board === null) io.stdout.write(lines.map((line) => `${line}\n`).join(''))
    else kept = [...kept, ...lines]
  }
  const leave = (): void => {
    board = null
    say(kept)
    kept = []
  }
  return {
    ...{ page, isJson, say, seconds },
    tellOn(shown) {
      board = shown
      caughtUp = shown.left.then(leave, leave)
    },
    catchUp: () => caughtUp,
    tell(event) {
      const at = seconds()
      if (isJson) io.stdout.write(`${JSON.stringify({ at_s: at, ...event })}\n`)
      else {
        const now = { ...page, nowMs: io.now() }
        board?.tell(demoLines(event, at, { ...now, paint: (_style, text) => text }))
        say(demoLines(event, at, now))
      }
      // Nobody reads any more: what is left is to clean up.
      return io.stdout.closed.aborted
        ? Promise.reject(new SkeinError('INTERRUPTED', 'Nobody reads this any more.'))
        : Promise.resolve()
    },
  }
}

function paceOf({ isJson }: Teller, io: Io, board: DemoBoard | null): number {
  if (board !== null) return BOARD_PACE_MS
  return io.stdout.isTerminal && !isJson ? PACE_MS : 0
}

function intro(page: Page): readonly string[] {
  return [
    page.paint('strong', 'skein demo'),
    page.paint(
      'quiet',
      'Three daemons, twelve scripted agents, one repository: all real, all temporary, all',
    ),
    page.paint(
      'quiet',
      'on this computer. Every line is what a daemon answered; times are seconds.',
    ),
  ]
}

/** The machines go on, for whoever wants to look around. */
async function stay(scenery: Scenery, { say, page }: Teller, io: Io): Promise<void> {
  say(['', page.paint('strong', 'The machines go on until Ctrl-C. To look around:')])
  for (const { home, clone } of scenery.machines)
    say([`  cd ${clone} && SKEIN_HOME=${home} skein claims`])
  if (io.interrupted.aborted || scenery.signal.aborted) return
  // Also when a daemon ends.
  await new Promise((resolve) => {
    const held = setInterval(() => undefined, 60_000)
    scenery.signal.addEventListener('abort', resolve, { once: true })
    scenery.signal.addEventListener('abort', () => {
      clearInterval(held)
    })
  })
  const lost = scenery.lost()
  if (lost !== null) throw lost
}

function outro({ folder }: Scenery, keep: boolean, page: Page): readonly string[] {
  if (keep) return [`The daemons are stopped. What they left: ${folder}`]
  return [
    'The three daemons are stopped and their folder is removed.',
    `Now yours:  ${page.paint('strong', 'skein up --background  &&  cd REPO  &&  skein init')}`,
  ]
}
