// The last step of a move between meshes: what this machine held in the old one is handed to the new one's ledgers, which
// settle it. A repository is done once its claims are in its own log here; a restart goes on with the others.
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type CarriedClaim, type LedgerClaim } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { hostOf, type Repos } from '../repos.ts'
import { endCrossing, writeCrossing, type Carried, type Crossing } from './crossing.ts'

export interface CarryingOptions {
  readonly home: string
  readonly crossing: Crossing
  readonly repos: Repos
  readonly log: Log
}

/** The others may be away for a while. */
const AGAIN_MS = 3_000

/** Goes on in the background until everything is carried in. @returns what ends it. */
export function startCarrying(options: CarryingOptions): () => Promise<void> {
  const stop = new AbortController()
  const done = carryAll(options, stop.signal)
  return async () => {
    stop.abort()
    await done
  }
}

async function carryAll(options: CarryingOptions, signal: AbortSignal): Promise<void> {
  const { home, crossing, log } = options
  let left = crossing.carried
  while (left.length > 0 && !signal.aborted) {
    const missed: Carried[] = []
    for (const carried of left) if (!(await carryOne(options, carried))) missed.push(carried)
    if (missed.length < left.length) writeCrossing(home, { ...crossing, carried: missed })
    left = missed
    if (left.length > 0)
      await delay(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
  if (left.length > 0) return
  endCrossing(home)
  log.info({ mesh: crossing.to }, 'everything of the old mesh is carried in')
}

async function carryOne({ repos, log }: CarryingOptions, carried: Carried): Promise<boolean> {
  const { repo, claims } = carried
  const checkout = carried.checkouts.find((root) => existsSync(root))
  if (checkout === undefined || claims.length === 0) return true
  try {
    const at = await repos.at(checkout)
    hostOf(at.repo).loop.carry(claims.map(carriedClaim))
    log.info({ repo, claims: claims.length }, 'claims of the old mesh are being settled')
    return true
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    log.warn({ repo, code: error.code, error: error.message }, 'claims could not be carried in yet')
    return false
  }
}

function carriedClaim(claim: LedgerClaim): CarriedClaim {
  const { id, kind, pattern, symbols, mode, description, narrowable, ttlSeconds, stamp, task } =
    claim
  const { agent, agentGiven, session, peer, machine, branch } = claim
  return {
    ...{ id, description, narrowable, ttlSeconds, stamp },
    scope: { kind, pattern, symbols, mode },
    party: { agent, agentGiven, session, peer, machine, branch },
    ...(task === undefined ? {} : { task }),
  }
}
