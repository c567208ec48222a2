// Keeps the audit logs within what this machine's configuration allows: at the start, and now and then.
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import type { LedgerHost } from './ledger-host.ts'
import { MESH } from './mesh/ledger.ts'
import type { Clock } from './ports.ts'
import type { Repos } from './repos.ts'

export interface Retention {
  stop(): void
}

export interface RetentionOptions {
  readonly repos: Repos
  readonly mesh: LedgerHost
  readonly config: Pick<Config, 'retention'>
  readonly clock: Clock
  readonly log: Log
}

/** A segment is filled in some minutes at the worst. */
const EVERY_MS = 60_000

export function startRetention(options: RetentionOptions): Retention {
  trimAll(options)
  const timer = setInterval(() => {
    trimAll(options)
  }, EVERY_MS).unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

function trimAll({ repos, mesh, config, clock, log }: RetentionOptions): void {
  const { audit, audit_mib: mib } = config.retention
  const retention = { bytesMax: mib * 1_048_576, before: clock.wall() - audit * 1000 }
  const ledgers = [
    { name: MESH.name, host: mesh },
    ...repos.all().flatMap(({ id, host }) => (host === null ? [] : [{ name: id, host }])),
  ]
  for (const { name, host } of ledgers) {
    try {
      const freed = host.audit.trim(retention)
      if (freed > 0) log.info({ ledger: name, freed }, 'old parts of an audit log were removed')
    } catch (error) {
      // What is kept too long does no harm; the next round tries again.
      log.warn({ ledger: name, error: String(error) }, 'an audit log could not be trimmed')
    }
  }
}
