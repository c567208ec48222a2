// Time as a daemon meets it: silence, lifetimes, dead processes, wall clocks that are set. The daemon's clocks run forty
// times as fast as the test's.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ClaimJson } from '../helpers/api.ts'
import type { Cleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const RATE = 40
const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
const DAY_MS = 86_400_000

interface Shifted {
  readonly daemon: Daemon
  /** Sets the daemon's wall clock so many milliseconds off. */
  readonly step: (milliseconds: number) => void
}

async function startShifted(cleaner: Cleaner, rate = RATE, home?: string): Promise<Shifted> {
  const file = path.join(makeFolder(cleaner), 'step')
  const env = { SKEIN_TEST_CLOCK_RATE: String(rate), SKEIN_TEST_CLOCK_STEP: file }
  const base = home === undefined ? {} : { home }
  const daemon = await startDaemon(cleaner, { ...base, preload: [SHIM], env })
  return {
    daemon,
    step(milliseconds) {
      writeFileSync(file, String(milliseconds))
    },
  }
}

function file(pattern: string): { kind: string; pattern: string } {
  return { kind: 'file', pattern }
}

async function claim(daemon: Daemon, more: object): Promise<ClaimJson> {
  const { claims, status } = await daemon.client.must('claim', { scopes: [file('a.ts')], ...more })
  assert.equal(status, 'granted')
  const [found] = claims
  assert.ok(found !== undefined)
  return found
}

async function ending(daemon: Daemon, id: string): Promise<string> {
  return until(`${id} has ended`, async () => {
    const { recent } = await daemon.client.must('claims', { repo: REPO, recent: true })
    return recent.find((ended) => ended.claim.id === id)?.reason ?? null
  })
}

const QUICK = 'repo: test/shop\nidle_release: 90s\n'

describe('a session', () => {
  it('that is silent for idle_release loses its claims, one that calls keeps them', async (t) => {
    const { daemon } = await startShifted(t)
    const cwd = makeRepo(t, { skeinYml: QUICK })
    const silent = await claim(daemon, { agent: 'silent', cwd })
    const busy = await claim(daemon, { agent: 'busy', cwd, scopes: [file('b.ts')] })
    const startedAt = performance.now()
    const reason = await until('the silent one has lost its claim', async () => {
      await daemon.client.must('verify', { repo: REPO, agent: 'busy', ids: [busy.id] })
      const { recent } = await daemon.client.must('claims', { repo: REPO, recent: true })
      return recent.find((ended) => ended.claim.id === silent.id)?.reason ?? null
    })
    assert.equal(reason, 'idle')
    const took = ((performance.now() - startedAt) * RATE) / 1000
    assert.ok(took > 80, `not before its time: ${took.toFixed(0)} s`)
    assert.equal(
      (await daemon.client.must('verify', { repo: REPO, agent: 'busy', ids: [busy.id] })).ok,
      true,
    )
    await claim(daemon, { agent: 'next', cwd })
  })

  it('whose process died loses its claims a minute later, one whose process lives does not', async (t) => {
    const { daemon } = await startShifted(t)
    const cwd = makeRepo(t)
    const child = spawn('sleep', ['600'], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    const pid = child.pid ?? 0
    const started = startTimeOf(pid)
    const own = startTimeOf(process.pid)
    const mortal = await claim(daemon, { agent: 'mortal', cwd, caller: { pid, started } })
    const alive = { agent: 'alive', cwd, scopes: [file('b.ts')] }
    const living = await claim(daemon, { ...alive, caller: { pid: process.pid, started: own } })
    child.kill('SIGKILL')
    assert.equal(await ending(daemon, mortal.id), 'process-died')
    assert.equal(
      (await daemon.client.must('verify', { repo: REPO, agent: 'alive', ids: [living.id] })).ok,
      true,
    )
  })

  it('is told what it lost when it asks whether all still stands', async (t) => {
    const { daemon } = await startShifted(t)
    const cwd = makeRepo(t, { skeinYml: QUICK })
    const who = { agent: 'sleeper', cwd }
    const held = await claim(daemon, who)
    const other = await claim(daemon, { ...who, scopes: [file('b.ts')] })
    await daemon.client.must('release', { ...who, ids: [other.id] })
    await ending(daemon, held.id)
    const { ok, claims } = await daemon.client.must('verify', who)
    assert.equal(ok, false)
    assert.deepEqual(
      claims.map(({ id, live }) => [id, live]),
      [[held.id, false]],
      'what it gave back itself is not lost',
    )
    await claim(daemon, who)
    assert.equal((await daemon.client.must('verify', who)).ok, true, 'it has it again')
  })

  it('keeps its claims over a restart of the daemon, and its silence counts on', async (t) => {
    const first = await startShifted(t)
    const cwd = makeRepo(t, { skeinYml: QUICK })
    const held = await claim(first.daemon, { agent: 'silent', cwd })
    await first.daemon.kill()
    const second = await startShifted(t, RATE, first.daemon.home)
    const { claims } = await second.daemon.client.must('claims', { repo: REPO })
    assert.deepEqual(
      claims.map(({ id, fence }) => [id, fence]),
      [[held.id, held.fence]],
    )
    assert.equal(await ending(second.daemon, held.id), 'idle')
  })
})

describe('a lifetime', () => {
  it('ends the claim, whatever its session does', async (t) => {
    const { daemon } = await startShifted(t)
    const cwd = makeRepo(t)
    const short = await claim(daemon, { agent: 'a', cwd, ttl_s: 60 })
    const startedAt = performance.now()
    assert.equal(await ending(daemon, short.id), 'ttl')
    const took = ((performance.now() - startedAt) * RATE) / 1000
    assert.ok(took > 50 && took < 200, `${took.toFixed(0)} s`)
  })

  it('begins anew with a renewal', async (t) => {
    const { daemon } = await startShifted(t)
    const cwd = makeRepo(t)
    const short = await claim(daemon, { agent: 'a', cwd, ttl_s: 60 })
    const startedAt = performance.now()
    // Over three lifetimes.
    await until('three lifetimes are over', async () => {
      const { claims } = await daemon.client.must('renew', {
        repo: REPO,
        agent: 'a',
        ids: [short.id],
      })
      assert.equal(claims[0]?.fence, short.fence)
      return (performance.now() - startedAt) * RATE > 180_000
    })
    assert.equal(await ending(daemon, short.id), 'ttl')
  })
})

describe('a wall clock', () => {
  it('that is set back a day neither ends nor lengthens a claim', async (t) => {
    const { daemon, step } = await startShifted(t)
    const cwd = makeRepo(t)
    const short = await claim(daemon, { agent: 'a', cwd, ttl_s: 120 })
    const long = await claim(daemon, { agent: 'a', cwd, scopes: [file('b.ts')] })
    const startedAt = performance.now()
    step(-DAY_MS)
    assert.equal(await ending(daemon, short.id), 'ttl')
    const took = ((performance.now() - startedAt) * RATE) / 1000
    assert.ok(took > 100 && took < 300, `two minutes took ${took.toFixed(0)} s`)
    assert.equal(
      (await daemon.client.must('verify', { repo: REPO, agent: 'a', ids: [long.id] })).ok,
      true,
    )
    const later = await claim(daemon, { agent: 'a', cwd, scopes: [file('c.ts')] })
    assert.ok((later.fence ?? 0) > (long.fence ?? 0))
    assert.equal((await daemon.client.must('audit/verify', { repo: REPO })).ok, true)
  })

  it('that is set forward a day ends claims early, which is safe, and none that may live longer', async (t) => {
    const { daemon, step } = await startShifted(t, 1)
    const cwd = makeRepo(t)
    const hours = await claim(daemon, { agent: 'a', cwd })
    const days = await claim(daemon, { agent: 'a', cwd, scopes: [file('b.ts')], ttl_s: 864_000 })
    step(DAY_MS)
    assert.equal(await ending(daemon, hours.id), 'ttl')
    assert.equal(
      (await daemon.client.must('verify', { repo: REPO, agent: 'a', ids: [days.id] })).ok,
      true,
    )
  })

  it('that was set back while the daemon was down loses no claim', async (t) => {
    const first = await startShifted(t, 1)
    const cwd = makeRepo(t)
    const held = await claim(first.daemon, { agent: 'a', cwd })
    await first.daemon.kill()
    const folder = makeFolder(t)
    const past = path.join(folder, 'step')
    writeFileSync(past, String(-DAY_MS))
    const env = { SKEIN_TEST_CLOCK_STEP: past }
    const daemon = await startDaemon(t, { home: first.daemon.home, preload: [SHIM], env })
    assert.equal(
      (await daemon.client.must('verify', { repo: REPO, agent: 'a', ids: [held.id] })).ok,
      true,
    )
    const next = await claim(daemon, { agent: 'a', cwd, scopes: [file('b.ts')] })
    assert.ok((next.fence ?? 0) > (held.fence ?? 0))
    assert.equal((await daemon.client.must('audit/verify', { repo: REPO })).ok, true)
  })
})

describe('a lock-delay', () => {
  it('after a claim was ended by force passes', async (t) => {
    const { daemon } = await startShifted(t, 4)
    const cwd = makeRepo(t)
    const held = await claim(daemon, { agent: 'a', cwd })
    const force = { ids: [held.id], force: true, reason: 'test', caller: { terminal: true } }
    await daemon.client.must('release', { repo: REPO, agent: 'person', ...force })
    const asked = { repo: REPO, agent: 'b', scopes: [file('a.ts')] }
    const at = performance.now()
    assert.equal((await daemon.client.must('claim', asked)).status, 'refused')
    await until(
      'it is granted',
      async () => (await daemon.client.must('claim', asked)).status === 'granted',
    )
    const took = ((performance.now() - at) * 4) / 1000
    assert.ok(took > 8 && took < 30, `${took.toFixed(1)} s`)
  })

  it('survives a restart', async (t) => {
    const first = await startShifted(t, 1)
    const cwd = makeRepo(t)
    const held = await claim(first.daemon, { agent: 'a', cwd })
    const force = { ids: [held.id], force: true, reason: 'test', caller: { terminal: true } }
    await first.daemon.client.must('release', { repo: REPO, agent: 'person', ...force })
    await first.daemon.kill()
    const { daemon } = await startShifted(t, 1, first.daemon.home)
    const { status, conflicts } = await daemon.client.must('claim', {
      cwd,
      agent: 'b',
      scopes: [file('a.ts')],
    })
    assert.equal(status, 'refused')
    assert.ok((conflicts[0]?.lock_delay_s ?? 0) > 0)
  })

  // daemon/core/claims/tell.ts tells a refusal with a key from its record, which knows no delay.
  it('is told to a caller with an idempotency key too', async (t) => {
    const { daemon } = await startShifted(t, 1)
    const cwd = makeRepo(t)
    const held = await claim(daemon, { agent: 'a', cwd })
    const force = { ids: [held.id], force: true, reason: 'test', caller: { terminal: true } }
    await daemon.client.must('release', { repo: REPO, agent: 'person', ...force })
    const asked = { cwd, agent: 'b', scopes: [file('a.ts')], idempotency_key: 'k' }
    const { conflicts } = await daemon.client.must('claim', asked)
    assert.ok((conflicts[0]?.lock_delay_s ?? 0) > 0)
    assert.equal(conflicts[0]?.claim.state, 'expired')
  })
})

/** Field 22 of /proc/PID/stat, as the command line sends it. */
function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
