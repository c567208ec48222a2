// `npm run pictures`: plays the story of `skein demo` and writes docs/pictures/ from the boards of its machines, at the moments that
// say most. Needs what the tests of the boards need: tmux, and a Chromium.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DemoEvent } from '../daemon/demo/events.ts'
import type { DemoMachine } from '../daemon/demo/scenery/machine.ts'
import { openScenery, type Scenery } from '../daemon/demo/scenery/scenery.ts'
import { playStory } from '../daemon/demo/story/story.ts'
import { noBrowser, type Page } from '../test/helpers/browser.ts'
import { createCleaner, onCleanup } from '../test/helpers/cleanup.ts'
import { PROGRAM } from '../test/helpers/daemon.ts'
import { openPages, show } from './pictures/page.ts'
import { openTerminal, type BoardTerminal, type Size } from './pictures/terminal.ts'

const FOLDER = fileURLToPath(new URL('../docs/pictures', import.meta.url))
/** What a page of documentation has room for. */
const BYTES_MAX = 150_000
/** Wide enough for details beside the list; and narrower, as most terminals are. */
const WIDE = { columns: 132, rows: 26 }
const USUAL = { columns: 100, rows: 24 }

interface Boards {
  /** One that is with the majority all the time, and the one that is cut off. */
  readonly studio: BoardTerminal
  readonly laptop: BoardTerminal
  readonly studioPage: Page
  readonly laptopPage: Page
}

if (noBrowser !== false) throw new Error(noBrowser)
mkdirSync(FOLDER, { recursive: true })
const cleaner = createCleaner()
try {
  await takePictures()
} finally {
  await cleaner.run()
}

async function takePictures(): Promise<void> {
  const self = [process.execPath, PROGRAM]
  const { signal } = new AbortController()
  const tell = (): Promise<void> => Promise.resolve()
  const scenery = await openScenery({ self, env: process.env, signal, tell })
  onCleanup(cleaner, () => scenery.close())
  const boards = await openBoards(scenery, self)
  await playStory(scenery, { tell: (event) => look(event, boards), paceMs: 0 })
  await atTheEnd(boards)
}

async function openBoards(scenery: Scenery, self: readonly string[]): Promise<Boards> {
  const studio = scenery.machine('studio')
  const laptop = scenery.machine('laptop')
  const open = await openPages(cleaner)
  const terminalOf = (machine: DemoMachine, size: Size): BoardTerminal => {
    const terminal = openTerminal(machine, self, size)
    onCleanup(cleaner, terminal.close)
    return terminal
  }
  return {
    ...{ studio: terminalOf(studio, WIDE), laptop: terminalOf(laptop, USUAL) },
    ...{ studioPage: await open(studio), laptopPage: await open(laptop) },
  }
}

async function look(event: DemoEvent, boards: Boards): Promise<void> {
  if (event.kind === 'act' && event.title.startsWith('They write')) await atWork(boards)
  if (event.kind === 'machine.knows') await cutOff(boards)
}

async function atWork({ studio, studioPage }: Boards): Promise<void> {
  const claims = 'The terminal board: who holds what, as a tree by path, and all about one claim'
  studio.type('f', 'auth', 'Enter', 'j')
  keep('terminal-claims.svg', await studio.picture(claims, 'rework login', 'was granted'))
  studio.type('3')
  const queue = 'The terminal board: who waits for whom, and why'
  keep('terminal-queue.svg', await studio.picture(queue, 'nils', 'rosa holds'))
  await show(studioPage, 'claims')
  await studioPage.locator('.claim', { hasText: 'mara' }).click()
  await studioPage.locator('.detail').getByText('was granted').first().waitFor()
  await keepPage('page-claims.png', studioPage)
}

async function cutOff({ laptop, laptopPage }: Boards): Promise<void> {
  const split = 'The terminal board of a machine that is cut off: no majority, a provisional claim'
  const shown = ['NO MAJORITY', 'AWAY: studio, tower', 'PROVISIONAL', 'welcome.ts']
  keep('terminal-split.svg', await laptop.picture(split, ...shown))
  await show(laptopPage, 'overview')
  await laptopPage.locator('.alarm', { hasText: 'NO MAJORITY' }).waitFor()
  await keepPage('page-split.png', laptopPage)
}

async function atTheEnd({ studioPage }: Boards): Promise<void> {
  await studioPage.keyboard.press('Escape')
  await show(studioPage, 'timeline')
  await studioPage.locator('[data-moment]').waitFor()
  for (let steps = 0; steps < 2; steps++)
    await studioPage.getByRole('button', { name: 'Collision before' }).click()
  await keepPage('page-timeline.png', studioPage)
}

async function keepPage(name: string, page: Page): Promise<void> {
  keep(name, await page.screenshot({ animations: 'disabled' }))
}

function keep(name: string, picture: string | Buffer): void {
  const bytes = Buffer.byteLength(picture)
  if (bytes > BYTES_MAX) throw new Error(`${name} has ${String(bytes)} bytes`)
  writeFileSync(path.join(FOLDER, name), picture)
  process.stdout.write(`docs/pictures/${name}  ${String(bytes)} bytes\n`)
}
