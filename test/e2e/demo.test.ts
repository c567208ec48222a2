// `skein demo` as people run it: the whole story, told by the events that its daemons caused, and nothing left behind however it
// ends.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { DemoEvent } from '../../daemon/demo/events.ts'
import { onCleanup } from '../helpers/cleanup.ts'
import { PROGRAM } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder } from '../helpers/repo.ts'

type Told = DemoEvent & { readonly at_s: number }
type Started = Extract<DemoEvent, { readonly kind: 'machine.started' }>

interface Running {
  readonly child: ChildProcess
  /** Of its user, and not to be touched. */
  readonly home: string
  /** What it may write into, and must leave empty. */
  readonly temporary: string
  readonly exit: Promise<number | null>
  readonly told: () => readonly Told[]
  readonly stdout: () => string
  readonly stderr: () => string
}

describe('skein demo', () => {
  it('plays from three empty homes to three equal lists, through a split, and leaves nothing', async (t) => {
    const demo = startDemo(t)
    assert.equal(await demo.exit, 0, demo.stderr())
    const all = demo.told()
    assert.equal(daemonsOf(demo).length, 3)
    assert.equal(new Set(of(all, 'claim.granted').map(({ machine }) => machine)).size, 3)
    requireRefusals(all)
    requireSplit(all)
    requireAgreement(all)
    await untilNothingIsLeft(demo)
    t.diagnostic(`${String(of(all, 'done')[0]?.seconds)} s`)
  })

  it('shows a board on a terminal only, and says so before anything is started', async (t) => {
    const demo = startDemo(t, '--board')
    assert.equal(await demo.exit, 64)
    assert.match(demo.stderr() + demo.stdout(), /needs a terminal/)
    assert.deepEqual(daemonsOf(demo), [])
    assert.deepEqual(readdirSync(demo.temporary), [])
  })

  for (const [what, end] of [
    ['is interrupted', (demo: Running) => demo.child.kill('SIGINT')],
    ['is killed', (demo: Running) => demo.child.kill('SIGKILL')],
    ['loses a daemon', (demo: Running) => process.kill(daemonsOf(demo)[0]?.pid ?? NaN, 'SIGKILL')],
  ] as const)
    it(`leaves nothing when it ${what}`, async (t) => {
      const demo = startDemo(t)
      await until('its daemons run', () => daemonsOf(demo).length === 3, { withinMs: 60_000 })
      end(demo)
      assert.notEqual(await demo.exit, 0)
      await untilNothingIsLeft(demo)
    })
})

/** In a folder of its own, with a home and a git configuration that it must not touch. */
function startDemo(t: TestContext, ...flags: readonly string[]): Running {
  const temporary = makeFolder(t, 'skein-t-')
  const home = makeFolder(t, 'skein-user-')
  const child = spawn(process.execPath, [PROGRAM, 'demo', '--json', ...flags], {
    cwd: home,
    env: {
      ...{ PATH: process.env['PATH'], HOME: home, TMPDIR: temporary },
      ...{ SKEIN_HOME: path.join(home, 'own'), SKEIN_AGENT: 'me', GIT_DIR: path.join(home, 'no') },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  const told = (): readonly Told[] => {
    const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n')
    return lines
      .filter((line) => line.startsWith('{"at_s"'))
      .map((line) => JSON.parse(line) as Told)
  }
  onCleanup(t, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
    await exit
  })
  return { child, home, temporary, exit, told, stdout: () => stdout, stderr: () => stderr }
}

function of<Kind extends DemoEvent['kind']>(
  all: readonly Told[],
  kind: Kind,
): readonly (Extract<DemoEvent, { readonly kind: Kind }> & Told)[] {
  return all.filter(
    (event): event is Extract<DemoEvent, { readonly kind: Kind }> & Told => event.kind === kind,
  )
}

function daemonsOf(demo: Running): readonly Started[] {
  return of(demo.told(), 'machine.started')
}

function requireRefusals(all: readonly Told[]): void {
  const [first] = of(all, 'claim.refused')
  assert.deepEqual([first?.agent, first?.by[0]?.agent], ['june', 'mara'])
  assert.deepEqual(of(all, 'claim.circle')[0]?.cycle, ['pia', 'rosa'])
  const [push] = of(all, 'push.refused')
  assert.equal(push?.exit, 1)
  assert.match(push.message, /src\/auth\/session\.ts is held by mara on studio/)
  // Whoever waited was granted it, under a higher fence than whoever had it.
  const granted = of(all, 'claim.granted')
  const [held, waited] = ['mara', 'june'].map((agent) => granted.find((one) => one.agent === agent))
  assert.equal(typeof waited?.waited_s, 'number')
  assert.ok((waited?.fence ?? 0) > (held?.fence ?? Infinity))
  assert.equal(of(all, 'push.landed').length, 3)
}

function requireSplit(all: readonly Told[]): void {
  const places = (['network.cut', 'network.healed'] as const).map((kind) =>
    all.findIndex((event) => event.kind === kind),
  )
  const between = all.slice(...places)
  const [unconfirmed] = of(between, 'claim.unconfirmed')
  assert.deepEqual([unconfirmed?.exit, unconfirmed?.machine], [2, 'laptop'])
  assert.match(unconfirmed?.message ?? '', /NO_QUORUM/)
  assert.equal(of(between, 'claim.provisional').length, 2)
  const [won] = of(between, 'claim.granted')
  assert.equal(won?.machine, 'tower')
  const after = all.slice(places[1])
  const [promoted] = of(after, 'claim.promoted')
  assert.ok((promoted?.fence ?? 0) > (won.fence ?? Infinity))
  assert.match(of(after, 'claim.superseded')[0]?.message ?? '', /lost to zoe on tower/)
}

function requireAgreement(all: readonly Told[]): void {
  const [agreed] = of(all, 'mesh.agreed')
  assert.deepEqual(agreed?.machines, ['studio', 'laptop', 'tower'])
  const fences = agreed.claims.map(({ fence }) => fence)
  assert.ok(fences.every((fence) => fence !== null))
  assert.equal(new Set(fences).size, fences.length)
  assert.deepEqual(
    of(all, 'audit.verified').map(({ ok }) => ok),
    [true, true, true],
  )
}

/** Neither processes nor folders. After a kill that takes as long as its daemons need to stop. */
async function untilNothingIsLeft(demo: Running): Promise<void> {
  const daemons = daemonsOf(demo)
  await until(
    'nothing is left',
    () => readdirSync(demo.temporary).length === 0 && !daemons.some(({ pid }) => isAlive(pid)),
    { withinMs: 20_000 },
  )
  assert.deepEqual(readdirSync(demo.home), [])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
