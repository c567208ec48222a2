// The board of a machine in a real browser, and pictures of what is on it.
import type { DemoMachine } from '../../daemon/demo/scenery/machine.ts'
import { openBrowser, type Page } from '../../test/helpers/browser.ts'
import type { Cleaner } from '../../test/helpers/cleanup.ts'

/** A browser with an own profile for all pages. */
export async function openPages(
  cleaner: Cleaner,
): Promise<(machine: DemoMachine) => Promise<Page>> {
  const look = { viewport: { width: 1_200, height: 720 }, colorScheme: 'light', locale: 'en-GB' }
  const context = await openBrowser(cleaner, { ...look, timezoneId: 'UTC' })
  return async (machine) => {
    const { url } = await machine.call('web', { caller: { terminal: true, user: 'ann' } })
    const page = await context.newPage()
    await page.goto(url ?? '')
    await page.locator('.machines li').first().waitFor()
    return page
  }
}

export async function show(page: Page, view: string): Promise<void> {
  await page.locator(`nav a[href="#/${view}"]`).click()
  await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor()
}
