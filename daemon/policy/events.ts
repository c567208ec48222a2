// What became of a repository's policy, as events for people.
import type { Approval, AuditEventInput, EventKind, PeerId } from '../../protocol/index.ts'
import type { AppliedChange } from '../core/view.ts'

type MachineNames = (peer: PeerId) => string
type Told = Pick<AuditEventInput, 'kind' | 'actor' | 'machine' | 'data'>

export type PolicyChange = Extract<
  AppliedChange['change'],
  { kind: 'policy' | 'approval' | 'promoted' | 'demoted' }
>

const KINDS: ReadonlySet<string> = new Set(['policy', 'approval', 'promoted', 'demoted'])

export function isPolicyChange(change: AppliedChange['change']): change is PolicyChange {
  return KINDS.has(change.kind)
}

export function ofPolicy(change: PolicyChange, machineOf: MachineNames): Told {
  switch (change.kind) {
    case 'policy': {
      const { policy, source } = change
      const machine = nameOf(change.peer, machineOf)
      const from = source.kind === 'file' ? { commit: source.commit } : {}
      const actor = source.kind === 'hand' ? source.by : machine
      const areas = policy.areas.map(({ name }) => name)
      const { shared, protected: closed } = policy
      return told('owners.changed', actor, machine, { ...from, areas, shared, protected: closed })
    }
    case 'approval':
      return ofApproval(change.approval)
    case 'promoted': {
      const { pattern, by, isAuto, isPinned } = change.promoted
      const data = { pattern, by, auto: isAuto, permanent: isPinned, replaces: change.replaces }
      return told('owners.promoted', by, nameOf(change.peer, machineOf), data)
    }
    case 'demoted': {
      const { pattern, by, isAuto } = change
      const data = { pattern, by, auto: isAuto }
      return told('owners.demoted', by, nameOf(change.peer, machineOf), data)
    }
  }
}

function nameOf(peer: PeerId | null, machineOf: MachineNames): string {
  return peer === null ? '' : machineOf(peer)
}

function ofApproval({ id, party, scopes, areas, state, by, note }: Approval): Told {
  const { agent, session, machine } = party
  const patterns = scopes.map(({ pattern }) => pattern)
  const about = { request: id, agent, session, patterns, areas }
  return state === 'asked'
    ? told('approval.asked', agent, machine, about)
    : told('approval.answered', by, machine, { ...about, decision: state, by, note })
}

function told(
  kind: EventKind,
  actor: string,
  machine: string,
  data: Readonly<Record<string, unknown>>,
): Told {
  return { kind, actor, machine, data }
}
