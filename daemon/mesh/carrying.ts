// The last step of a move between meshes, or between ledgers of a repository: what this machine held in the old one is handed
// to the new one, which settles it. A repository is done once its claims are in its own log here; a restart goes on with the
// others.
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../protocol/index.ts'
import { carriedClaim } from '../carried.ts'
import type { Log } from '../log.ts'
import { hostOf, type Repos } from '../repos.ts'
import { endCrossing, readCrossing, writeCrossing, type Carried } from './crossing.ts'

export interface CarryingOptions {
  readonly home: string
  /** The mesh that this machine is in. */
  readonly mesh: string
  readonly repos: Repos
  readonly log: Log
}

export interface Carrying {
  /** Durable when it returns; carried in when it can be. */
  add(carried: Carried, atMs: number): void
  /** Goes on in the background until everything is carried in. */
  start(): void
  stop(): Promise<void>
}

/** The others may be away for a while. */
const AGAIN_MS = 3_000

export function createCarrying(options: CarryingOptions): Carrying {
  const { home, mesh } = options
  const stop = new AbortController()
  let running: Promise<void> | null = null
  const start = (): void => {
    if (stop.signal.aborted) return
    running ??= carryAll(options, stop.signal).finally(() => (running = null))
  }
  return {
    start,
    add(carried, atMs) {
      const begun = readCrossing(home)
      // On its way out of the mesh it leaves everything here behind.
      if (begun?.isMoved === false) return
      const others = (begun?.carried ?? []).filter(({ repo }) => repo !== carried.repo)
      const here = { from: mesh, to: mesh, welcome: null, atMs, isMoved: true }
      writeCrossing(home, { ...(begun ?? here), carried: [...others, carried] })
    },
    async stop() {
      stop.abort()
      await running
    },
  }
}

async function carryAll(options: CarryingOptions, signal: AbortSignal): Promise<void> {
  const { home, mesh, log } = options
  const isStopped = (): boolean => signal.aborted
  while (!isStopped()) {
    const begun = readCrossing(home)
    const left = begun?.isMoved === true ? begun.carried : []
    for (const carried of left)
      if (!isStopped() && (await carryOne(options, carried))) markDone(home, carried)
    const crossing = readCrossing(home)
    if (crossing?.isMoved !== true) return
    if (crossing.carried.length === 0) {
      endCrossing(home)
      log.info({ mesh }, 'everything of before is carried in')
      return
    }
    await delay(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

/** Others may have been added meanwhile; and a machine that is on its way out by now takes its list from there. */
function markDone(home: string, { repo }: Carried): void {
  const crossing = readCrossing(home)
  if (crossing?.isMoved !== true) return
  const carried = crossing.carried.filter((other) => other.repo !== repo)
  writeCrossing(home, { ...crossing, carried })
}

async function carryOne(
  { home, mesh, repos, log }: CarryingOptions,
  carried: Carried,
): Promise<boolean> {
  const { repo, claims } = carried
  const checkout = carried.checkouts.find((root) => existsSync(root))
  const isNewMesh = readCrossing(home)?.from !== mesh
  // What is not needed in another mesh yet comes with its first use there.
  if (checkout === undefined || (isNewMesh && claims.length === 0)) return true
  try {
    // It was enrolled by somebody's word once, whatever its files say.
    const at = await repos.enrol(checkout, repo)
    if (claims.length === 0) return true
    await hostOf(at.repo).loop.carry(claims.map(carriedClaim))
    log.info({ repo, claims: claims.length }, 'claims of the old ledger are being settled')
    return true
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    log.warn({ repo, code: error.code, error: error.message }, 'claims could not be carried in yet')
    return false
  }
}
