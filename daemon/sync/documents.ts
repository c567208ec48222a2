// Which documents there are to copy, by the names of the interface: `ledger:<repository>`, `mesh`, `presence:<repository>`,
// `presence:mesh`.
import { asRepoId, type PresenceState, type RepoId } from '../../protocol/index.ts'
import type { Grant } from '../client/operations.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { Log } from '../log.ts'
import type { SyncDocument } from './document.ts'
import { ledgerDocument } from './ledger-document.ts'
import { presenceDocument } from './presence.ts'

export interface SyncSources {
  /** The ledger of a repository; undefined: it is not enrolled here. */
  readonly hostOf: (repo: RepoId) => LedgerHost | null | undefined
  readonly meshHost: () => LedgerHost
  readonly lookAtRepo: (repo: RepoId) => Promise<readonly PresenceState[]>
  readonly lookAtMesh: () => Promise<readonly PresenceState[]>
}

export interface Documents {
  /** Null: there is none of this name, or the bearer of this grant may not see it. */
  find(name: string, grant: Grant | null): SyncDocument | null
}

const NAME = /^(?:(ledger|presence):(.+)|mesh)$/

export function createDocuments(sources: SyncSources, log: Pick<Log, 'error'>): Documents {
  const presences = new Map<string, SyncDocument>()
  const onFailure = (error: unknown): void => {
    log.error({ error: String(error) }, 'what boards see could not be told: this is a bug')
  }

  function presenceOf(name: string, make: () => SyncDocument): SyncDocument {
    const known = presences.get(name) ?? make()
    presences.set(name, known)
    return known
  }

  return {
    find(name, grant) {
      const match = NAME.exec(name)
      if (match === null) return null
      const [, kind, subject] = match
      if (kind === undefined || subject === 'mesh') {
        if (grant !== null && grant.repos !== null) return null
        if (kind === undefined) return ledgerDocument(sources.meshHost(), sources.meshHost)
        if (kind === 'ledger') return null
        const source = { host: sources.meshHost, look: sources.lookAtMesh }
        return presenceOf(name, () => presenceDocument(source, onFailure))
      }
      const repo = asRepoId(subject ?? '')
      if (grant !== null && grant.repos !== null && !grant.repos.includes(repo)) return null
      const host = sources.hostOf(repo)
      if (host === undefined) return null
      const hostNow = (): LedgerHost | null => sources.hostOf(repo) ?? null
      if (kind === 'ledger') return host === null ? null : ledgerDocument(host, hostNow)
      const source = { host: hostNow, look: () => sources.lookAtRepo(repo) }
      return presenceOf(name, () => presenceDocument(source, onFailure))
    },
  }
}
