// A rolling upgrade: a leader writes no kind of record that a machine with a copy has not announced to know. An older one would
// have to stop at it (LEDGER_NEWER).
import { RECORD_KINDS, type RecordBody, type RecordKind } from '../../protocol/index.ts'
import type { Command, Failure } from './claims/command.ts'
import type { Engine } from './engine-state.ts'

export function mayWrite({ members }: Engine, kind: RecordKind): boolean {
  return members === null || RECORD_KINDS[kind] <= members.version
}

/** Commands that came with a later version of the ledger, and what they have a leader write. */
const WRITES: Partial<Record<Command['kind'], RecordKind>> = {
  rename: 'rename',
  'set-policy': 'owners',
  'answer-approval': 'answer-approval',
  promote: 'promote',
  demote: 'demote',
  assign: 'assign',
  'move-assignment': 'assignment-move',
  'stop-assignment': 'assignment-stop',
  'answer-assignment': 'assignment-answer',
  'judge-assignment': 'assignment-verdict',
  'land-assignment': 'assignment-landing',
  propose: 'propose',
}

/** What a caller is told whose command could not be written yet; null: it could. */
export function failureOfCommand(engine: Engine, { kind }: Command): Failure | null {
  const writes = WRITES[kind]
  return writes === undefined || mayWrite(engine, writes) ? null : failureOf(engine, writes)
}

/** What a caller is told whose decision may not be written yet; null: it may. */
export function failureOfVersion(engine: Engine, bodies: readonly RecordBody[]): Failure | null {
  const unread = bodies.find(({ kind }) => !mayWrite(engine, kind))
  return unread === undefined ? null : failureOf(engine, unread.kind)
}

function failureOf({ members }: Engine, kind: RecordKind): Failure {
  const version = String(members?.version)
  const message = `a machine of this ledger speaks its version ${version} and cannot read '${kind}' records yet`
  return { code: 'MEMBER_OUTDATED', message }
}
