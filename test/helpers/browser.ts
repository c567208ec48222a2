// A real browser for the board's page: Debian's Chromium, headless, with a profile of its own. Where none is installed, tests of
// the page are skipped with that as the reason.
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { makeFolder } from './repo.ts'

const PLACES = [
  process.env['SKEIN_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
]

const program = PLACES.find((place) => place !== undefined && existsSync(place))

/** For `describe` and `it`: false where there is a browser, else why not. */
export const noBrowser: string | false =
  program === undefined ? 'no Chromium is installed: apt-get install chromium' : false

/** @param look of the screen: its size and its colours. */
export async function openBrowser(cleaner: Cleaner, look: object = {}): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(makeFolder(cleaner, 'skein-browser-'), {
    executablePath: program ?? '',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...look,
  })
  onCleanup(cleaner, () => context.close())
  return context
}

/** What went wrong in a page without anybody seeing it. */
export function watchProblems(page: Page): readonly string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    const isLoss = /WebSocket connection|Failed to load resource|ERR_CONNECTION/.test(
      message.text(),
    )
    if (message.type() === 'error' && !isLoss) problems.push(message.text())
  })
  return problems
}

export type { Browser, Page }
