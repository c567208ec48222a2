// Afterwards a person can ask why anything happened: twenty incidents are staged, and each is explained by the audit log alone,
// copied elsewhere while its daemon is down. The daemon's clocks run forty times as fast as the test's.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tellEvent, type AuditEvent } from '../../protocol/index.ts'
import { createClient, type ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
const ROUTER = 'export class Router {\n  handle() {}\n  close() {}\n}\n'

const suite = createCleaner()
let daemon: Daemon
let client: ApiClient
let root: string
/** What an explanation has to say, for a path or an id. */
const incidents: { readonly about: string; readonly says: readonly RegExp[] }[] = []

function explained(about: string, ...says: readonly RegExp[]): void {
  incidents.push({ about, says })
}

const who = (agent: string) => ({ repo: REPO, agent, session: `s-${agent}` })
const file = (pattern: string) => ({ kind: 'file', pattern })

async function claim(agent: string, pattern: string, more: object = {}): Promise<string> {
  const input = { ...who(agent), scopes: [file(pattern)], ...more }
  const { claims, status } = await client.must('claim', input)
  assert.equal(status, 'granted', pattern)
  return claims[0]?.id ?? ''
}

/** A claim that waits in the queue; its connection is its own. */
function wait(agent: string, pattern: string, seconds: number, more: object = {}) {
  const own = createClient({ socket: daemon.socket }, { connections: 1 })
  const input = { ...who(agent), scopes: [file(pattern)], wait_s: seconds, ...more }
  const told = own.call('claim', input).catch(() => null)
  const joined = until(`${agent} waits`, async () => {
    const { entries } = await client.must('queue', { repo: REPO })
    return entries.find((entry) => entry.agent === agent)?.id ?? null
  })
  return {
    told,
    joined,
    leave: () => {
      own.close()
    },
  }
}

async function ended(id: string): Promise<void> {
  await until(`${id} has ended`, async () => {
    const { recent } = await client.must('claims', { repo: REPO, recent: true })
    return recent.some((one) => one.claim.id === id)
  })
}

async function request(agent: string, of: string): Promise<string> {
  const { request: asked } = await client.must('request', {
    ...who(agent),
    claim: of,
    reason: 'hotfix',
  })
  return asked.id
}

before(async () => {
  const files = ['README.md', 'src/router.ts']
  root = makeRepo(suite, { files, skeinYml: `repo: ${REPO}\nidle_release: 90s\n` })
  writeFileSync(path.join(root, 'src/router.ts'), ROUTER)
  const home = path.join(makeFolder(suite), 'h')
  const first = await startDaemon(suite, { home })
  await first.stop()
  writeFileSync(path.join(home, 'config.yml'), 'trust_scripts: true\n')
  const env = { SKEIN_TEST_CLOCK_RATE: '40' }
  daemon = await startDaemon(suite, { home, preload: [SHIM], env })
  client = daemon.client
  await client.must('check', { cwd: root, scopes: [file('README.md')] })
})

after(() => suite.run())

describe('twenty incidents', () => {
  it('are staged: grants, refusals and ends', async () => {
    const held = await claim('ann', 'a/granted.ts', { description: 'rework login' })
    explained('a/granted.ts', /ann was granted a\/granted\.ts .*fence \d+\): "rework login"/)
    await client.call('claim', { ...who('bob'), scopes: [file('a/granted.ts')] })
    explained('a/granted.ts', /bob was refused a\/granted\.ts because ann held a\/granted\.ts/)
    const keyed = { ...who('bob'), scopes: [file('a/*.ts')], idempotency_key: 'k1' }
    await client.call('claim', keyed)
    explained(held, /bob was refused a\/\*\.ts because ann held a\/granted\.ts/)
    await client.must('renew', { ...who('ann'), ids: [held] })
    explained(held, /ann renewed a\/granted\.ts/)
    await client.must('release', { ...who('ann'), ids: [held] })
    explained('a/granted.ts', /ann no longer holds a\/granted\.ts .*: released by its holder/)
    const forced = await claim('ann', 'b/forced.ts')
    const person = { ...who('boss'), ids: [forced], force: true, reason: 'stuck', yes: true }
    await client.must('release', person)
    explained(
      'b/forced.ts',
      /ann no longer holds b\/forced\.ts .*: ended by a person \(boss: stuck\)/,
    )
    const wide = await claim('ann', 'c/**')
    await client.must('narrow', { ...who('ann'), id: wide, patterns: ['c/kept.ts'] })
    explained(wide, /ann narrowed c\/\*\* to c\/kept\.ts/)
  })

  it('are staged: parts of files', async () => {
    await claim('ann', 'src/router.ts')
    const symbols = [{ kind: 'symbol', pattern: 'src/router.ts', symbols: ['Router::handle'] }]
    const { status } = await client.must('claim', { ...who('bob'), cwd: root, scopes: symbols })
    assert.equal(status, 'granted')
    explained(
      'src/router.ts:Router::handle',
      /bob was granted src\/router\.ts: Router::handle .* out of src\/router\.ts .* of ann/,
    )
  })

  it('are staged: waits', async () => {
    const first = await claim('ann', 'd/queue.ts')
    const bob = wait('bob', 'd/queue.ts', 600)
    await bob.joined
    await client.must('release', { ...who('ann'), ids: [first] })
    await bob.told
    explained(
      'd/queue.ts',
      /bob waits for d\/queue\.ts .*normal/,
      /bob waited \d+ s for d\/queue\.ts .*granted/,
    )
    const wide = wait('wide', 'd/**', 600)
    await wide.joined
    await client.call('claim', { ...who('late'), scopes: [file('d/other.ts')] })
    explained('d/**', /late was refused d\/other\.ts because wide waited before it \(que_/)
    await client.must('cancel', { ...who('wide'), ids: [await wide.joined] })
    explained(await wide.joined, /wide waits no longer for d\/\*\* .*: it gave its place up/)
    const gone = wait('gone', 'd/queue.ts', 600)
    const place = await gone.joined
    gone.leave()
    await until('the place is given up', async () => {
      const { entries } = await client.must('queue', { repo: REPO })
      return entries.every(({ id }) => id !== place)
    })
    explained(place, /gone waits no longer for d\/queue\.ts .*: it hung up/)
    const vain = wait('vain', 'd/queue.ts', 20)
    const lost = await vain.joined
    await vain.told
    explained(lost, /vain waited in vain for d\/queue\.ts/)
    await claim('left', 'e/left.ts')
    await claim('right', 'e/right.ts')
    const crossing = wait('left', 'e/right.ts', 600)
    await crossing.joined
    const { error } = await client.call('claim', {
      ...who('right'),
      scopes: [file('e/left.ts')],
      wait_s: 600,
    })
    assert.equal(error?.code, 'CLAIM_DEADLOCK')
    explained(
      'e/left.ts',
      /right was refused a wait, because all would have waited: .*(?:right for left|left for right)/,
    )
    crossing.leave()
  })

  it('are staged: requests', async () => {
    const asked = await claim('ann', 'f/approved.ts')
    const first = await request('bob', asked)
    await client.must('respond', {
      ...who('ann'),
      request: first,
      decision: 'approve',
      note: 'done with it',
    })
    explained(
      first,
      /bob asked ann to give way at f\/approved\.ts: "hotfix"/,
      /it did, and gave it up: "done with it"/,
    )
    const denied = await claim('ann', 'f/denied.ts')
    const second = await request('bob', denied)
    await client.must('respond', {
      ...who('ann'),
      request: second,
      decision: 'deny',
      note: 'in the middle',
    })
    explained('f/denied.ts', /bob asked ann .*f\/denied\.ts: it did not: "in the middle"/)
    const beside = await claim('ann', 'f/both/**')
    const third = await request('bob', beside)
    const share = { request: third, decision: 'coexist', patterns: ['f/both/b.ts'] }
    await client.must('respond', { ...who('ann'), ...share })
    explained(third, /it let the other in beside it/)
    const silent = await claim('ann', 'f/silent.ts')
    const fourth = await request('bob', silent)
    const keepAlive = setInterval(() => void client.call('claims', who('ann')), 200)
    await ended(silent)
    clearInterval(keepAlive)
    explained(fourth, /bob asked ann .*f\/silent\.ts, and got no answer/)
  })

  it('are staged: time, death and tasks', async () => {
    const short = await claim('ttl', 'g/short.ts', { ttl_s: 10 })
    await ended(short)
    explained('g/short.ts', /ttl no longer holds g\/short\.ts .*: its time was over/)
    const child = spawn('sleep', ['600'], { stdio: 'ignore' })
    suite.after(() => void child.kill('SIGKILL'))
    const pid = child.pid ?? 0
    const caller = { pid, started: startTimeOf(pid) }
    const mortal = await claim('mortal', 'g/mortal.ts', { caller })
    child.kill('SIGKILL')
    await ended(mortal)
    explained('g/mortal.ts', /mortal no longer holds g\/mortal\.ts .*: its process died/)
    const idle = await claim('idler', 'g/idle.ts')
    await ended(idle)
    explained('g/idle.ts', /idler no longer holds g\/idle\.ts .*: no sign of life for too long/)
    const task = { kind: 'task', pattern: 'fix-login' }
    await client.must('claim', { ...who('tasker'), scopes: [task] })
    await client.must('task/complete', { ...who('tasker'), task: 'fix-login', note: 'merged' })
    explained('fix-login', /tasker completed task fix-login.*: "merged"/)
  })

  it('are each explained, and told alike from a copy of the log', async () => {
    assert.ok(incidents.length >= 20, String(incidents.length))
    for (const { about, says } of incidents) {
      const { summary } = await client.must('why', { repo: REPO, pattern: about, limit: 100 })
      for (const pattern of says)
        assert.ok(
          summary.some((line) => pattern.test(line)),
          `${about}: ${String(pattern)}\n${summary.join('\n')}`,
        )
    }
    const { lines } = await client.must('audit/export', { repo: REPO, limit: 10_000 })
    await daemon.stop()
    const copy = lines.map((line) => tellEvent(JSON.parse(line) as AuditEvent))
    for (const { says } of incidents)
      for (const pattern of says)
        assert.ok(
          copy.some((line) => pattern.test(line)),
          String(pattern),
        )
  })
})

/** As the kernel counts it, so that a later process under the same number is not taken for it. */
function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
