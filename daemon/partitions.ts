// Tells when this machine lost the majority of a ledger, which claims of its own sessions it cannot count on any more, and when
// it is back: in the log, and as events of the repository.
import { makeId, type ClaimId, type LedgerClaim, type RepoId } from '../protocol/index.ts'
import { isDetached } from './core/attachment.ts'
import { lapsedClaims } from './core/renewals.ts'
import type { HostMachine } from './host-machine.ts'
import type { LedgerHost } from './ledger-host.ts'
import type { Log } from './log.ts'
import { ofClaim, type Told } from './record-events.ts'
import type { Repos } from './repos.ts'

export interface PartitionsOptions {
  readonly repos: Repos
  readonly machine: HostMachine
  readonly log: Log
}

const LOOK_MS = 1_000

export function startPartitions(options: PartitionsOptions): { stop(): void } {
  const watch = new Watch(options)
  const timer = setInterval(() => {
    for (const { id, host } of options.repos.all()) if (host !== null) watch.look(id, host)
  }, LOOK_MS).unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

class Watch {
  readonly #options: PartitionsOptions
  /** The repositories without a majority, with the claims that are told to have lapsed. */
  readonly #away = new Map<RepoId, Set<ClaimId>>()

  constructor(options: PartitionsOptions) {
    this.#options = options
  }

  look(repo: RepoId, host: LedgerHost): void {
    const isAway = isDetached(host.loop.engine())
    const told = this.#away.get(repo)
    if (isAway && told === undefined) {
      this.#away.set(repo, new Set())
      this.#tellCut(repo, host, 'partition.entered')
    } else if (!isAway && told !== undefined) {
      this.#away.delete(repo)
      this.#tellCut(repo, host, 'partition.healed')
    } else if (told !== undefined) this.#lookForLapsed(repo, host, told)
  }

  /** Each once in a partition; one that is renewed after it is simply there again. */
  #lookForLapsed(repo: RepoId, host: LedgerHost, told: Set<ClaimId>): void {
    for (const claim of lapsedClaims(host.loop.engine())) {
      if (told.has(claim.id)) continue
      told.add(claim.id)
      this.#tellLapsed(repo, host, claim)
    }
  }

  #tellLapsed(repo: RepoId, host: LedgerHost, claim: LedgerClaim): void {
    const { id, pattern, agent } = claim
    this.#options.log.warn({ repo, claim: id, pattern, agent }, 'a claim was not renewed in time')
    this.#append(repo, host, ofClaim('claim.lapsed', claim, {}))
  }

  #tellCut(repo: RepoId, host: LedgerHost, kind: 'partition.entered' | 'partition.healed'): void {
    const { machine, log } = this.#options
    const { chain } = host.loop.engine().consensus
    const head = chain.head()
    const voters = head === null ? [] : chain.votersAt(head)
    const missing = machine.absent(voters.filter((voter) => voter !== machine.self))
    const isAway = kind === 'partition.entered'
    log.warn(
      { repo, missing },
      isAway ? 'no majority of the voters is heard' : 'a leader is heard again',
    )
    const name = machine.machineOf(machine.self)
    const data = { missing, voters: voters.length }
    this.#append(repo, host, { kind, actor: name, machine: name, data })
  }

  #append(repo: RepoId, { loop, audit }: LedgerHost, told: Told): void {
    const { machine } = this.#options
    const { term, index } = loop.view().state.applied
    const atMs = machine.clock.wall()
    const id = makeId('evt', atMs, machine.random(16))
    audit.append({ id, at: new Date(atMs).toISOString(), ...{ repo, term, index }, ...told })
  }
}
