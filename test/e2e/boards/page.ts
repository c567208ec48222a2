// The page in a real browser, on a screen so high that its list draws every row.
import assert from 'node:assert/strict'
import { openBrowser, type Page } from '../../helpers/browser.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'
import { REPO, type Machine } from '../../helpers/mesh.ts'
import { until } from '../../helpers/poll.ts'

export interface BoardPage {
  /** Opens it on the first look at a machine; from then on it stays open. */
  readonly untilShows: (machine: Machine) => Promise<void>
}

export async function openPage(cleaner: Cleaner): Promise<BoardPage> {
  const context = await openBrowser(cleaner, { viewport: { width: 1_400, height: 6_000 } })
  const pages = new Map<Machine, Page>()

  async function pageOf(machine: Machine): Promise<Page> {
    const known = pages.get(machine)
    if (known !== undefined) return known
    const page = await context.newPage()
    pages.set(machine, page)
    const { url } = await machine.must('web', { caller: { terminal: true, user: 'pat' } })
    await page.goto(url ?? '')
    await page.locator('.machines li').first().waitFor()
    await page.locator('nav a[href="#/claims"]').click()
    return page
  }

  return {
    async untilShows(machine) {
      const page = await pageOf(machine)
      let [shown, told]: string[][] = [[], []]
      await until(
        `the page of ${machine.name} shows its claims`,
        async () => {
          shown = (await page.locator('[id^="claims-clm_"]').evaluateAll(idsOf)).sort()
          const { claims } = await machine.must('claims', { repo: REPO })
          told = claims.map(({ id }) => `claims-${id}`).sort()
          return JSON.stringify(shown) === JSON.stringify(told)
        },
        { withinMs: 20_000, everyMs: 50 },
      ).catch(() => {
        assert.deepEqual(shown, told, `the page of ${machine.name}`)
      })
    },
  }
}

function idsOf(rows: readonly { readonly id: string }[]): string[] {
  return rows.map(({ id }) => id)
}
