// What a repository wants of claims in it: shown, set, and opened to whom its owners let in.
import {
  asRequestedId,
  isOwner,
  isSameParty,
  POLICY_LIMITS,
  SkeinError,
  type Approval,
  type OperationInput,
  type OperationResult,
  type Promoted,
  iso,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import { policyText, readRules } from '../policy/read.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { asOf, machineOf, requirePerson, type Handler, type Parts } from './context.ts'

type Shown = OperationResult<'owners/show'>
type ApprovalJson = OperationResult<'owners/approve'>['approval']

export const ownersShow: Handler<OperationInput<'owners/show'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const problem = await parts.policy.lookNow(place.repo, place.checkout)
  return shown(place, problem)
}

export const ownersSet: Handler<OperationInput<'owners/set'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const { agent: by } = await parts.callers.party(input, context, place)
  const policy = readRules('the policy', input.text)
  const source = { kind: 'hand', by, atMs: parts.clock.wall() } as const
  await submit(hostOf(place.repo), { kind: 'set-policy', policy, source })
  return shown(place, null)
}

export const ownersExport: Handler<OperationInput<'owners/export'>> = async (
  parts,
  input,
  context,
) => {
  const place = await parts.callers.place(input, context)
  const text = policyText(hostOf(place.repo).loop.view().state.policy)
  return { text } satisfies OperationResult<'owners/export'>
}

export const ownersRequests: Handler<OperationInput<'owners/requests'>> = async (
  parts,
  input,
  context,
) => {
  const place = await parts.callers.place(input, context)
  const party = parts.callers.asker(input, context)
  const { approvals, policy } = hostOf(place.repo).loop.view().state
  const isMine = (one: Approval): boolean =>
    isSameParty(one.party, party) ||
    policy.policy.areas.some((area) => one.areas.includes(area.name) && isOwner(area, party.agent))
  const wanted = input.mine === true ? approvals.filter(isMine) : approvals
  const result: OperationResult<'owners/requests'> = {
    approvals: wanted.map((one) => approvalJson(parts, place, one)),
  }
  return result
}

export const ownersApprove: Handler<OperationInput<'owners/approve'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const seconds = input.for_s ?? POLICY_LIMITS.approvalSeconds
  return answer(parts, input, context, { state: 'approved', seconds })
}

export const ownersDeny: Handler<OperationInput<'owners/deny'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  return answer(parts, input, context, { state: 'denied', seconds: 0 })
}

async function answer(
  parts: Parts,
  input: OperationInput<'owners/deny'>,
  context: CallContext,
  { state, seconds }: { readonly state: 'approved' | 'denied'; readonly seconds: number },
): Promise<{ readonly approval: ApprovalJson }> {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const id = asRequestedId(input.id)
  const note = clean(input.note ?? '')
  await submit(host, { kind: 'answer-approval', party, id, state, note, seconds })
  const found = host.loop.view().state.approvals.find((one) => one.id === id)
  if (found === undefined) throw new SkeinError('REQUEST_UNKNOWN', `${id} is forgotten by now`)
  return { approval: approvalJson(parts, place, found) }
}

function shown(place: Place, problem: string | null): Shown {
  const { policy, source, promoted } = hostOf(place.repo).loop.view().state.policy
  const { areas, shared, protected: closed, hotspots: terms } = policy
  return {
    source:
      source === null
        ? null
        : {
            kind: source.kind,
            commit: source.kind === 'file' ? source.commit : null,
            by: source.kind === 'hand' ? source.by : null,
            at: iso(source.atMs),
          },
    areas,
    shared,
    protected: closed,
    promoted: promoted.map(promotedJson),
    hotspots: {
      ...{ promote_at: terms.promoteAt, subtree_at: terms.subtreeAt },
      ...{ window_days: terms.windowDays, demote_days: terms.demoteDays },
    },
    problem,
    as_of: asOf(place.repo),
  }
}

export function promotedJson({ pattern, by, atMs, isAuto, isPinned }: Promoted) {
  return { pattern, by, at: iso(atMs), auto: isAuto, permanent: isPinned }
}

function approvalJson(parts: Parts, place: Place, approval: Approval): ApprovalJson {
  const { id, party, scopes, areas, description, askedAtMs, state, by, note, untilMs } = approval
  const { policy } = hostOf(place.repo).loop.view().state.policy
  const owners = policy.areas.filter(({ name }) => areas.includes(name)).flatMap((a) => a.owners)
  return {
    ...{ id, agent: party.agent, session: party.session, machine: machineOf(parts, party.peer) },
    patterns: [...new Set(scopes.map(({ pattern }) => pattern))],
    ...{ areas, owners: [...new Set(owners)], description },
    ...{ asked_at: iso(askedAtMs), state, by, note },
    until: state === 'approved' ? iso(untilMs) : null,
  }
}
