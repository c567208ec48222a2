// The board in a real browser, against a real daemon: the login, the views, an act, the loss of the daemon, the past, markup in
// names, an attempt to write, and what an accessibility check says.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { noBrowser, openBrowser, watchProblems, type Page } from '../helpers/browser.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'
import { SYNC_CLOSE, SYNC_PROTOCOL, SYNC_TOKEN_PREFIX } from '../../protocol/index.ts'

const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const MARKUP = '<img src=x onerror="document.title=\'owned\'"> & <b>bold</b>'
const VIEWS = [
  'overview',
  'claims',
  'queue',
  'requests',
  'workers',
  'hotspots',
  'timeline',
  'events',
]

describe('the board in a browser', { skip: noBrowser }, () => {
  const suite = createCleaner()
  let daemon: Daemon
  let root: string
  let page: Page
  let problems: readonly string[]
  let port: number

  async function claim(agent: string, pattern: string, more: object = {}) {
    const scopes = [{ kind: 'file', pattern }]
    return daemon.client.call('claim', { cwd: root, agent, session: agent, scopes, ...more })
  }

  async function link(terminal = true): Promise<string> {
    const { url } = await daemon.client.must('web', { caller: { terminal, user: 'pat' } })
    return url ?? ''
  }

  async function show(view: string): Promise<void> {
    await page.evaluate((name) => {
      location.hash = `/${name}`
    }, view)
    await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor()
  }

  before(async () => {
    // A remote that is not there: what is assigned fails, and is shown.
    root = makeRepo(suite, { origin: '/nowhere/at/all.git' })
    const home = path.join(makeFolder(suite), 'home')
    mkdirSync(home, { recursive: true })
    writeFileSync(
      path.join(home, 'config.yml'),
      'fleet: { launchers: { nobody: { command: "true" } } }\n',
    )
    daemon = await startDaemon(suite, { home })
    await claim('ann', 'src/auth/login.ts', { description: MARKUP })
    await claim('ben', 'src/auth/session.ts')
    await claim('ben', 'docs/index.md')
    const work = `mend ${MARKUP}`
    await daemon.client.must('assign', {
      cwd: root,
      agent: 'ann',
      session: 'ann',
      work,
      launcher: 'nobody',
    })
    await claim('cleo', 'src/auth/login.ts')
    // The daemon is killed while this waits.
    claim('dan', 'src/auth/login.ts', { wait_s: 500, urgency: 'high' }).catch(() => undefined)
    port = (await daemon.tcp()).port
    const context = await openBrowser(suite)
    page = await context.newPage()
    problems = watchProblems(page)
    await page.goto(await link())
    await page.locator('.machines li').waitFor()
  })

  after(() => suite.run())

  it('trades the link for a token of its own, and drops it from the address', async () => {
    assert.equal(new URL(page.url()).hash, '')
    assert.deepEqual(await page.context().cookies(), [])
    const kept = await page.evaluate(() => Object.values(sessionStorage).join(' '))
    assert.equal(kept.includes((await daemon.tcp()).token), false)
  })

  it('shows each view without a fault of the page or of its access', async () => {
    for (const view of VIEWS) {
      await show(view)
      await page.locator('.page').waitFor()
      const found = await checkAccess(page)
      assert.deepEqual(found, [], view)
    }
    assert.deepEqual(problems, [])
  })

  it('filters, folds and shows all about a claim, in which markup is text', async () => {
    await show('claims')
    await page.locator('.claim').first().waitFor()
    assert.equal(await page.locator('.claim').count(), 3)
    await page.keyboard.press('/')
    await page.keyboard.type('agent:ann')
    await until('one claim is left', async () => (await page.locator('.claim').count()) === 1)
    await page.locator('[role=tree]').focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    const pane = page.locator('.detail')
    await pane.getByText(MARKUP).first().waitFor()
    assert.equal(await pane.locator('img, b').count(), 0)
    assert.notEqual(await page.title(), 'owned')
    await pane.getByText('ann was granted').waitFor()
    await pane.getByText('dan').first().waitFor()
    assert.deepEqual(await checkAccess(page), [])
  })

  it('keeps filter and selection over the death of the daemon, and says meanwhile what is true', async () => {
    const { home } = daemon
    await daemon.kill()
    await page.locator('.alarm.bad', { hasText: 'DAEMON LOST' }).waitFor()
    daemon = await startDaemon(suite, { home, env: { SKEIN_HTTP_PORT: String(port) } })
    await page.locator('.connection.live').waitFor()
    assert.equal(await page.locator('.claim').count(), 1)
    assert.equal(await page.locator('input[type=search]').inputValue(), 'agent:ann')
    await page.locator('.detail', { hasText: MARKUP }).waitFor()
    await page.locator('input[type=search]').fill('')
    await claim('eve', 'src/new.ts')
    await page.locator('.claim', { hasText: 'eve' }).waitFor()
  })

  it("ends another's claim by a person's word, with the reason", async () => {
    await page.locator('.claim', { hasText: 'session.ts' }).click()
    await page.getByRole('button', { name: 'End this claim' }).click()
    await page.getByRole('button', { name: 'End it' }).click()
    assert.equal(await page.locator('dialog[open]').count(), 1, 'a reason is asked for')
    await page.locator('dialog[open] textarea').fill('the branch is gone')
    await page.getByRole('button', { name: 'End it' }).click()
    await page.locator('.toast', { hasText: 'has ended' }).waitFor()
    const { recent } = await daemon.client.must('claims', { cwd: root, recent: true })
    assert.deepEqual([recent[0]?.reason, recent[0]?.by], ['revoked', 'pat'])
    await page.keyboard.press('Escape')
  })

  it('leads back through the past to a collision', async () => {
    await show('timeline')
    const held = page.locator('[data-moment]')
    await held.getByText('eve').first().waitFor()
    for (const step of ['before', 'before'])
      await page.getByRole('button', { name: `Collision ${step}` }).click()
    await held.getByText('ann').first().waitFor()
    assert.equal(await held.getByText('eve').count(), 0)
    const slider = page.getByLabel('Moment')
    await slider.focus()
    await page.keyboard.press('Home')
    await page.getByText('Nothing was held.').waitFor()
  })

  it('shows a worker with its stages, what it failed at, and its log', async () => {
    await show('workers')
    const row = page.locator('.worker-line', { hasText: 'FAILED' })
    await row.waitFor()
    const stages = row.getByRole('img', { name: 'Proposed: done, Work: failed' })
    assert.equal(await stages.count(), 1)
    await row.click()
    const pane = page.locator('.detail[aria-label=Worker]')
    await pane.getByText(MARKUP).first().waitFor()
    await pane.getByText('It has ended.').waitFor()
    await pane.getByText('ann gave').waitFor()
    assert.equal(await pane.locator('img, b').count(), 0)
    assert.deepEqual(await checkAccess(page), [])
    await page.keyboard.press('Escape')
  })

  it('cannot write through /sync, and is cut off', async () => {
    const code = await page.evaluate(
      async ([protocol, prefix]) => {
        const login = JSON.parse(sessionStorage.getItem('skein.login') ?? '{}') as { token: string }
        const socket = new WebSocket(`ws://${location.host}/sync/mesh`, [
          protocol ?? '',
          (prefix ?? '') + login.token,
        ])
        socket.onopen = () => {
          socket.send(new Uint8Array([0, 2, 2, 0, 0]))
        }
        return new Promise<number>((resolve) => {
          socket.onclose = ({ code: told }) => {
            resolve(told)
          }
        })
      },
      [SYNC_PROTOCOL, SYNC_TOKEN_PREFIX],
    )
    assert.equal(code, SYNC_CLOSE.readOnly)
  })

  it('shows only, where no terminal opened it', async () => {
    const other = await page.context().newPage()
    await other.goto(await link(false))
    await other.locator('.machines li').waitFor()
    await other.evaluate(() => {
      location.hash = '/claims'
    })
    await other.locator('.claim').first().click()
    assert.equal(await other.getByRole('button', { name: 'End this claim' }).isDisabled(), true)
    const status = await other.evaluate(async () => {
      const login = JSON.parse(sessionStorage.getItem('skein.login') ?? '{}') as { token: string }
      const headers = { authorization: `Bearer ${login.token}` }
      const body = JSON.stringify({ mine: true })
      return (await fetch('/v1/release', { method: 'POST', headers, body })).status
    })
    assert.equal(status, 403)
    await other.close()
  })

  it('ends with a revocation, at once', async () => {
    await daemon.client.must('web', { revoke: true })
    await page.getByText('This page has no login').waitFor()
    assert.equal(await page.evaluate(() => sessionStorage.getItem('skein.login')), null)
  })
})

/** What the check complains of, with the places. */
async function checkAccess(page: Page): Promise<readonly string[]> {
  // The policy of the page lets no foreign script in; what the browser's own tools evaluate stands outside of it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<Found> } }
    return axe.run()
  })
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
  )
}

// What runs inside the page knows these two; the types of Node do not.
declare const location: { hash: string; readonly host: string }
declare const sessionStorage: { getItem(key: string): string | null }

interface Found {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}
