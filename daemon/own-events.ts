// Events that no record of the ledger tells: what this machine saw itself. They stand in its audit log alone.
import { randomBytes } from 'node:crypto'
import { makeId, type EventKind, iso } from '../protocol/index.ts'
import type { Clock } from './ports.ts'
import { hostOf, type Repo } from './repos.ts'

interface Watching {
  readonly clock: Pick<Clock, 'wall'>
  readonly about: { readonly machine: string }
}

export interface Actor {
  readonly agent: string
  readonly session: string
}

/** What one of this machine's sessions did or met. @param data may say another `agent` and `session` than the actor's. */
export function recordOwn(
  parts: Watching,
  repo: Repo,
  kind: EventKind,
  { agent, session }: Actor,
  data: Readonly<Record<string, unknown>>,
): void {
  recordAs(parts, repo, kind, { agent, session, machine: parts.about.machine }, data)
}

/** The same of an actor who may be on another machine. */
export function recordAs(
  { clock }: Pick<Watching, 'clock'>,
  repo: Repo,
  kind: EventKind,
  { agent, session, machine }: Actor & { readonly machine: string },
  data: Readonly<Record<string, unknown>>,
): void {
  const host = hostOf(repo)
  const { term, index } = host.loop.view().state.applied
  const wallMs = clock.wall()
  host.audit.append({
    id: makeId('evt', wallMs, randomBytes(10)),
    repo: repo.id,
    kind,
    at: iso(wallMs),
    term,
    index,
    actor: agent,
    machine,
    data: { agent, session, ...data },
  })
}
