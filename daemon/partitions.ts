// Tells when this machine lost the majority of a ledger, and when it is back: in the log, and as events of the repository.
import { makeId, type EventKind, type RepoId } from '../protocol/index.ts'
import { isDetached } from './core/attachment.ts'
import type { HostMachine } from './host-machine.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import type { Repos } from './repos.ts'

export interface PartitionsOptions {
  readonly repos: Repos
  readonly machine: HostMachine
  readonly log: Log
}

const LOOK_MS = 1_000

export function startPartitions(options: PartitionsOptions): { stop(): void } {
  const away = new Set<RepoId>()
  const timer = setInterval(() => {
    for (const { id, host } of options.repos.all()) if (host !== null) look(options, away, id, host)
  }, LOOK_MS).unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

function look(
  { machine, log }: PartitionsOptions,
  away: Set<RepoId>,
  repo: RepoId,
  { loop, audit }: LedgerHost,
): void {
  const isAway = isDetached(loop.engine())
  if (isAway === away.has(repo)) return
  if (isAway) away.add(repo)
  else away.delete(repo)
  const kind: EventKind = isAway ? 'partition.entered' : 'partition.healed'
  const { chain } = loop.engine().consensus
  const head = chain.head()
  const voters = head === null ? [] : chain.votersAt(head)
  const missing = machine.absent(voters.filter((voter) => voter !== machine.self))
  const { term, index } = loop.view().state.applied
  const name = machine.machineOf(machine.self)
  const atMs = machine.clock.wall()
  log.warn(
    { repo, missing },
    isAway ? 'no majority of the voters is heard' : 'a leader is heard again',
  )
  audit.append({
    id: makeId('evt', atMs, machine.random(16)),
    at: new Date(atMs).toISOString(),
    ...{ repo, kind, term, index, actor: name, machine: name },
    data: { missing, voters: voters.length },
  })
}
