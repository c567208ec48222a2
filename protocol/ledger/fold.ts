// Committed records -> state. Applies verbatim what the leader decided; judges nothing. Each record also yields the
// changes that it made.
import { assert } from '../assert.ts'
import { SkeinError } from '../errors.ts'
import type { Checkpoint, Deny, Genesis, RecordBody } from './body.ts'
import { isFleetBody, type FleetBody } from './body-fleet.ts'
import { isPolicyBody, type PolicyBody } from './body-policy.ts'
import type { Change } from './change.ts'
import { decodeState } from './checkpoint.ts'
import { passTime } from './fold-forced.ts'
import { end, grant, narrow, rename, renew } from './fold-claims.ts'
import { foldFleet } from './fold-fleet.ts'
import { remember, rememberKey } from './fold-memory.ts'
import { foldPolicy } from './fold-policy.ts'
import { attach, enrol, invite, member, removeMember, uninvite } from './fold-mesh.ts'
import { reconcile } from './fold-provisional.ts'
import { endTasks } from './fold-tasks.ts'
import { answer, ask, drop, push } from './fold-waits.ts'
import type { LedgerRecord } from './record.ts'
import { BY_LEADER, type LedgerState, type RequestOutcome } from './state.ts'

/** Folds one record, which must be the next on the path, or a part of a checkpoint. */
export function foldRecord(state: LedgerState, record: LedgerRecord): readonly Change[] {
  const { body } = record
  // A state that was restored from a checkpoint has not seen its parts.
  if (body.kind !== 'checkpoint') passTime(state, record)
  const changes = foldBody(state, record, body)
  state.applied = { term: record.term, index: record.index, hash: record.hash }
  return changes
}

function foldBody(state: LedgerState, record: LedgerRecord, body: RecordBody): readonly Change[] {
  if (isPolicyBody(body)) return foldPolicy(state, record, body)
  if (isFleetBody(body)) return foldFleet(state, record, body)
  return applyBody(state, record, body)
}

function applyBody(
  state: LedgerState,
  record: LedgerRecord,
  body: Exclude<RecordBody, PolicyBody | FleetBody>,
): readonly Change[] {
  switch (body.kind) {
    case 'genesis':
      return found(state, record, body)
    case 'term-start':
      state.leader = body.leader
      state.voters = body.voters
      return [{ kind: 'leader', leader: body.leader }]
    case 'config':
      state.voters = body.voters
      state.votersAsOf = Math.max(state.votersAsOf, body.asOf ?? 0)
      return [{ kind: 'voters', voters: body.voters }]
    case 'checkpoint':
      return []
    case 'grant':
      return grant(state, record, body)
    case 'deny':
      return deny(state, record, body)
    case 'push':
      return push(state, record, body)
    case 'drop':
      return drop(state, record, body)
    case 'ask':
      return ask(state, record, body)
    case 'answer':
      return answer(state, record, body)
    case 'release':
      remember(state, body.rid, { kind: 'ended', ids: body.ids })
      return end(state, record, body.ids, body.reason, body.by, '')
    case 'expire':
      return end(state, record, body.ids, body.reason, BY_LEADER, '')
    case 'revoke':
      remember(state, body.rid, { kind: 'ended', ids: body.ids })
      return end(state, record, body.ids, 'revoked', body.by, body.note)
    case 'renew':
      return renew(state, record, body)
    case 'narrow':
      return narrow(state, body)
    case 'rename':
      return rename(state, body)
    case 'reconcile':
      return reconcile(state, record, body)
    case 'task':
      return endTasks(state, record, body)
    case 'member':
      return member(state, record, body)
    case 'enrol':
      return enrol(state, record, body)
    case 'attach':
      remember(state, body.rid, { kind: 'enrolled', repo: body.repo })
      return attach(state, record, body)
    case 'remove-member':
      return removeMember(state, record, body)
    case 'invite':
      return invite(state, body)
    case 'uninvite':
      return uninvite(state, body)
    default:
      throw newer(body)
  }
}

function deny(state: LedgerState, record: LedgerRecord, body: Deny): Change[] {
  const { conflicts, circle } = body
  const denied: RequestOutcome = {
    kind: 'denied',
    conflicts,
    ...(circle === undefined ? {} : { circle }),
  }
  remember(state, body.rid, denied)
  rememberKey(state, record, body.key, body.party, denied)
  const met = conflicts.map(({ claim }) => state.claims.get(claim) ?? null)
  return [{ kind: 'denied', body, met }]
}

/** Puts a finished checkpoint's state in place of `state`; the fold of everything before it is the same. */
export function restoreCheckpoint(
  parts: readonly (LedgerRecord & { body: Checkpoint })[],
): LedgerState {
  const last = parts.at(-1)
  assert(last !== undefined && last.body.parts === parts.length, 'a checkpoint with parts missing')
  const state = decodeState(parts.map((part) => part.body.data).join(''))
  state.applied = { term: last.term, index: last.index, hash: last.hash }
  return state
}

function newer(body: never): SkeinError {
  const kind = String((body as { kind: unknown }).kind)
  return new SkeinError('LEDGER_NEWER', `the ledger holds a record of the unknown kind '${kind}'`)
}

function found(state: LedgerState, record: LedgerRecord, body: Genesis): Change[] {
  state.ledger = body.ledger
  state.mesh = body.mesh
  state.name = body.name
  state.generation = record.generation
  state.genesisHash = record.hash
  state.founder = body.founder
  state.voters = body.voters
  return [{ kind: 'founded' }]
}
