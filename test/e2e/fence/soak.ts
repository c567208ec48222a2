// Takeovers raced against late pushes: does anything land under a claim after its successor's work has? The remote itself writes
// down in which order its refs moved. And many pushers of disjoint files at once: does each land?
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cleaner } from '../../helpers/cleanup.ts'
import { FencedWorld, must, type FencedClone } from '../../helpers/fenced.ts'
import type { Transport } from '../../helpers/git-servers.ts'
import { until } from '../../helpers/poll.ts'

export interface RaceCounts {
  readonly takeovers: number
  readonly latePushes: number
  /** Landed before the successor's work: no harm. */
  landed: number
  /** Landed after it. */
  stale: number
  /** By the claim's own side, before anything was sent. */
  refusedHere: number
  /** By the remote, which compared the tokens. */
  refusedThere: number
  readonly others: string[]
}

const LATE_AT_ONCE = 4
/** Some takeovers come before the first late push, some after the last. */
const HEAD_START_MS_MAX = 1_500

/** @param random in [0, 1). */
export async function raceTakeovers(
  cleaner: Cleaner,
  options: {
    readonly transport: Transport
    readonly takeovers: number
    readonly random: () => number
  },
): Promise<RaceCounts> {
  const world = await FencedWorld.make(cleaner, { transport: options.transport })
  const log = path.join(world.bare, 'order')
  // Called while the refs of a push are locked, and waited for: lines of pushes that share a ref have one order. Once the locks are
  // gone a hook may come late.
  world.hook(
    'reference-transaction',
    `#!/bin/sh\n[ "$1" = prepared ] || exit 0\nwhile read -r old new ref; do echo "$ref" >>'${log}'; done\n`,
  )
  const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
  const counts: RaceCounts = {
    ...{ takeovers: options.takeovers, latePushes: options.takeovers * LATE_AT_ONCE },
    ...{ landed: 0, stale: 0, refusedHere: 0, refusedThere: 0, others: [] },
  }
  for (let round = 0; round < options.takeovers; round++)
    await raceOnce({ world, alice, bob, log, random: options.random }, round, counts)
  return counts
}

interface Race {
  readonly world: FencedWorld
  readonly alice: FencedClone
  readonly bob: FencedClone
  readonly log: string
  readonly random: () => number
}

async function raceOnce(race: Race, round: number, counts: RaceCounts): Promise<void> {
  const { alice, bob, random } = race
  const name = String(round)
  await alice.claim('src/auth/**')
  await alice.commit('src/auth/login.ts', `alice ${name}`)
  must(await alice.push('--quiet', 'origin', 'HEAD:first'))
  const memory = path.join(alice.root, '.git/skein/fence-claims.json')
  const before = readFileSync(memory)
  await bob.commit('src/auth/login.ts', `bob ${name}`)
  const takeover = async (): Promise<void> => {
    // Whoever waits is granted in the step that ends the claim: there is no moment at which nobody holds the file, and a push of
    // what nobody holds is under no claim.
    const granted = bob.claim('src/auth/login.ts', '--wait', '60s')
    await delay(random() * HEAD_START_MS_MAX)
    await until('Bob waits', async () => (await bob.skein('queue')).stdout.includes('login.ts'))
    must(await alice.skein('release', '--mine'))
    await granted
    must(await bob.push('--quiet', 'origin', `HEAD:won-${name}`))
  }
  const late = async (): Promise<void> => {
    for (let at = 0; at < LATE_AT_ONCE; at++) {
      await alice.commit('src/auth/login.ts', `late ${name} ${String(at)}`)
      // Every other one has no daemon, and remembers what was before the takeover.
      const isAlone = at % 2 === 1
      if (isAlone) writeFileSync(memory, before)
      const by = isAlone ? alice.alone() : alice
      const pushed = await by.push('--no-verify', 'origin', `HEAD:late-${name}-${String(at)}`)
      if (pushed.code !== 0) countRefusal(pushed.stderr, counts)
    }
  }
  await Promise.all([takeover(), late()])
  countLandings(race, name, counts)
  must(await bob.skein('release', '--mine'))
}

function countRefusal(stderr: string, counts: RaceCounts): void {
  if (/ended on this remote while pushing/.test(stderr)) counts.refusedThere++
  else if (/is held by|does not know/.test(stderr)) counts.refusedHere++
  else counts.others.push(stderr)
}

function countLandings({ log, world }: Race, name: string, counts: RaceCounts): void {
  const order = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  const won = order.lastIndexOf(`refs/heads/won-${name}`)
  assert.ok(won >= 0, 'the successor has landed')
  const refs = world.refs()
  for (let at = 0; at < LATE_AT_ONCE; at++) {
    const ref = `refs/heads/late-${name}-${String(at)}`
    if (!refs.has(ref)) continue
    if (order.lastIndexOf(ref) < won) {
      counts.landed++
      continue
    }
    counts.stale++
    counts.others.push(`${ref} landed behind ${String(won)}: ${order.slice(-12).join(' ')}`)
  }
}

export interface CrowdCounts {
  readonly pushers: number
  readonly pushes: number
  readonly landed: number
  readonly ms: number
}

/** Pushers of files of their own, all at once, each several times. */
export async function crowd(
  cleaner: Cleaner,
  options: { readonly transport: Transport; readonly pushers: number; readonly times: number },
): Promise<CrowdCounts> {
  const world = await FencedWorld.make(cleaner, { transport: options.transport })
  const clones: FencedClone[] = []
  for (let at = 0; at < options.pushers; at++) {
    const clone = await world.clone(`pusher-${String(at)}`)
    await clone.claim(`own/${String(at)}/**`)
    clone.write(`own/${String(at)}/a.ts`, 'a\n')
    clones.push(clone)
  }
  let ms = 0
  let landed = 0
  for (let time = 0; time < options.times; time++) {
    await Promise.all(
      clones.map((clone, at) => clone.commit(`own/${String(at)}/a.ts`, String(time))),
    )
    const start = performance.now()
    const all = await Promise.all(
      clones.map((clone, at) => clone.push('--quiet', 'origin', `HEAD:own-${String(at)}`)),
    )
    ms += performance.now() - start
    for (const { code, stderr } of all) {
      assert.equal(code, 0, stderr)
      landed++
    }
  }
  return { pushers: options.pushers, pushes: options.pushers * options.times, landed, ms }
}
