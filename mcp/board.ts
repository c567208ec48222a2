// The board: every repository of this daemon at a glance, put together from the operations `status`, `claims` and `queue`.
// Bounded, since agents pay for it: the first few of everything, and how many more there are.
import { z } from 'zod'
import { OUTPUTS } from '../protocol/index.ts'
import type { CallOperation } from './client.ts'
import { firstOf } from './text.ts'

const REPOS_MAX = 10
const HOLDERS_MAX = 8
const PATTERNS_MAX = 3
const WAITERS_MAX = 5
/** Claims looked at; the counts are of all. */
const CLAIMS_READ = 1_000

const holder = z.object({
  agent: z.string(),
  claims: z.int(),
  patterns: z.array(z.string()).describe('the first few'),
})
const waiter = z.object({
  id: z.string(),
  agent: z.string(),
  patterns: z.array(z.string()),
  behind: z.string().nullable().describe('the agent that is next before it'),
})
const repo = z.object({
  repo: z.string(),
  leader: z.string().nullable(),
  quorum: z.boolean(),
  problem: z.string().nullable(),
  claims: z.int(),
  queued: z.int(),
  holders: z.array(holder),
  more_holders: z.int(),
  waiting: z.array(waiter),
})

export const BOARD = z.object({ machine: z.string(), repos: z.array(repo), more_repos: z.int() })

export type Board = z.infer<typeof BOARD>
export type BoardRepo = Board['repos'][number]

type Status = z.infer<typeof OUTPUTS.status>
type Claim = z.infer<typeof OUTPUTS.claims>['claims'][number]

/** @param only of this repository. */
export async function readBoard(call: CallOperation, only: string | undefined): Promise<Board> {
  const status = OUTPUTS.status.parse(await call('status', {}))
  const repos = status.repos.filter(({ id }) => only === undefined || id === only)
  const { shown, more } = firstOf(repos, REPOS_MAX)
  const rows: BoardRepo[] = []
  for (const each of shown) rows.push(await readRepo(call, each))
  return { machine: status.machine, repos: rows, more_repos: more }
}

async function readRepo(
  call: CallOperation,
  { id, leader, quorum, problem, claims, queued }: Status['repos'][number],
): Promise<BoardRepo> {
  const base = { repo: id, leader, quorum, problem, claims, queued }
  if (problem !== null) return { ...base, holders: [], more_holders: 0, waiting: [] }
  const live =
    claims === 0
      ? []
      : OUTPUTS.claims.parse(await call('claims', { repo: id, limit: CLAIMS_READ })).claims
  const waiting = queued === 0 ? [] : OUTPUTS.queue.parse(await call('queue', { repo: id })).entries
  const { shown, more } = firstOf(holdersOf(live), HOLDERS_MAX)
  return {
    ...base,
    holders: [...shown],
    more_holders: more,
    waiting: firstOf(waiting, WAITERS_MAX).shown.map(({ agent, patterns, ahead, ...place }) => ({
      id: place.id,
      agent,
      patterns: patterns.slice(0, PATTERNS_MAX),
      behind: ahead.at(-1)?.agent ?? null,
    })),
  }
}

/** Those who hold most come first. */
function holdersOf(claims: readonly Claim[]): BoardRepo['holders'] {
  const byAgent = new Map<string, Claim[]>()
  for (const claim of claims) {
    const held = byAgent.get(claim.agent)
    if (held === undefined) byAgent.set(claim.agent, [claim])
    else held.push(claim)
  }
  return [...byAgent]
    .map(([agent, held]) => ({
      agent,
      claims: held.length,
      patterns: held.slice(0, PATTERNS_MAX).map(({ pattern }) => pattern),
    }))
    .sort((a, b) => b.claims - a.claims)
}
