// A rolling upgrade: a leader writes no kind of record that a machine with a copy has not announced to know. An older one would
// have to stop at it (LEDGER_NEWER).
import { RECORD_KINDS, type RecordBody, type RecordKind } from '../../protocol/index.ts'
import type { Failure } from './claims/command.ts'
import type { Engine } from './engine-state.ts'

export function mayWrite({ members }: Engine, kind: RecordKind): boolean {
  return members === null || RECORD_KINDS[kind] <= members.version
}

/** What a caller is told whose decision may not be written yet; null: it may. */
export function failureOfVersion(engine: Engine, bodies: readonly RecordBody[]): Failure | null {
  const unread = bodies.find(({ kind }) => !mayWrite(engine, kind))
  if (unread === undefined) return null
  const version = String(engine.members?.version)
  const message = `a machine of this ledger speaks its version ${version} and cannot read '${unread.kind}' records yet`
  return { code: 'MEMBER_OUTDATED', message }
}
