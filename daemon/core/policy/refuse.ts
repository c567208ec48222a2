// A claim that the policy keeps out: refused with the rule's name, and in a hard area put before its owners.
import {
  isSameParty,
  judgeable,
  POLICY_LIMITS,
  type Approval,
  type Area,
  type Party,
  type Scope,
} from '../../../protocol/index.ts'
import type { Failure } from '../claims/command.ts'
import { nextRequestedId, type Decision, type Request } from '../claims/decision.ts'
import type { View } from '../view.ts'
import { hardAreas, isWithin, type Forbidding } from './rules.ts'

export interface KeptOut {
  readonly party: Party
  readonly description: string
}

/** The answer to the call; the first of its kind asks the owners: each about what is theirs to open. */
export function keepOut(
  request: Request,
  { party, description }: KeptOut,
  ruling: Forbidding,
  { view, wallMs }: { readonly view: View; readonly wallMs: number },
): Decision {
  if (ruling.kind === 'protected') return { kind: 'fail', failure: failureOf(ruling) }
  const doors = doorsOf(ruling, view)
  const known = doors.map((door) => openFor(view, party, door))
  const fresh = doors
    .filter((_, at) => known[at] === null)
    .slice(0, POLICY_LIMITS.approvalsAtOnceMax)
    .map(({ scopes, areas }, at) => {
      const id = nextRequestedId(request, wallMs, at)
      return { id, party, scopes, areas: areas.map(({ name }) => name), description }
    })
  const asked = [...known.filter((one) => one !== null), ...fresh]
  const failure = unapproved(asked, ruling.areas, ruling.scopes)
  if (fresh.length === 0) return { kind: 'fail', failure }
  return {
    kind: 'append',
    bodies: fresh.map((approval, at) => {
      return { kind: 'ask-approval', rid: at === 0 ? request.rid : null, approval }
    }),
    warnings: [],
    told: { kind: 'failed', failure },
  }
}

/** Hard areas that the same people may open, and what of a claim meets them. */
interface Door {
  readonly areas: readonly Area[]
  readonly scopes: readonly Scope[]
}

function doorsOf(
  { areas, scopes }: Extract<Forbidding, { kind: 'unapproved' }>,
  view: View,
): readonly Door[] {
  const byOwners = new Map<string, Area[]>()
  for (const area of areas) {
    const owners = JSON.stringify([...area.owners].sort())
    byOwners.set(owners, [...(byOwners.get(owners) ?? []), area])
  }
  return [...byOwners.values()].map((own) => {
    const meets = (scope: Scope): boolean =>
      hardAreas(view, judgeable(scope, view)).some((area) => own.includes(area))
    return { areas: own, scopes: scopes.filter(meets) }
  })
}

/** Where no owner can be asked: without a majority, or for somebody else. */
export function failureOf(ruling: Forbidding): Failure {
  if (ruling.kind === 'unapproved') return unapproved([], ruling.areas, ruling.scopes)
  const { scope, pattern } = ruling
  const where = scope.pattern === pattern ? '' : `: ${pattern}`
  const message = `'${scope.pattern}' is protected in this repository${where}`
  return { code: 'POLICY_PROTECTED', message, data: { pattern, asked: scope.pattern } }
}

type Asked = Pick<Approval, 'id' | 'scopes' | 'areas'>

/** @param asked empty: nobody was asked. */
export function unapproved(
  asked: readonly Asked[],
  areas: readonly Area[],
  scopes: readonly Scope[] = asked.flatMap((one) => one.scopes),
): Failure {
  const names = areas.map(({ name }) => name)
  const told = names.length > 0 ? names : asked.flatMap((one) => one.areas)
  const owners = [...new Set(areas.flatMap((area) => area.owners))]
  const patterns = [...new Set(scopes.map(({ pattern }) => pattern))]
  const ids = asked.map(({ id }) => id)
  return {
    code: 'POLICY_APPROVAL',
    message: `'${patterns.join("', '")}' is in '${told.join("', '")}', where claims need a word of ${whoOf(areas, owners)}`,
    hint: hintOf(ids),
    data: { approval: ids[0] ?? null, approvals: ids, areas: told, owners, patterns },
  }
}

function whoOf(areas: readonly Area[], owners: readonly string[]): string {
  if (owners.length === 0) return 'a person'
  return owners.join(areas.length > 1 ? ', ' : ' or ')
}

function hintOf(ids: readonly string[]): string {
  const commands = ids.map((id) => `skein owners approve ${id}`).join('; ')
  if (ids.length === 0) return 'Claim it: its owners are asked then, once a majority answers.'
  if (ids.length === 1) return `It is asked for. An owner types: ${commands}; then claim again.`
  return `It is asked for. The owners type, each for what is theirs: ${commands}; then claim again.`
}

/** The party's own question about the same, while nobody has answered it. */
function openFor(view: View, party: Party, { areas, scopes }: Door): Approval | null {
  const isAsked = (approval: Approval): boolean =>
    approval.state === 'asked' &&
    isSameParty(approval.party, party) &&
    areas.every(({ name }) => approval.areas.includes(name)) &&
    scopes.every((scope) =>
      approval.scopes.some((asked) => isWithin(judgeable(scope, view), asked, view)),
    )
  return view.state.approvals.find(isAsked) ?? null
}
