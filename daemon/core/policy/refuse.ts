// A claim that the policy keeps out: refused with the rule's name, and in a hard area put before its owners.
import {
  isSameParty,
  judgeable,
  type Approval,
  type Area,
  type Party,
  type Scope,
} from '../../../protocol/index.ts'
import type { Failure } from '../claims/command.ts'
import { nextRequestedId, type Decision, type Request } from '../claims/decision.ts'
import type { View } from '../view.ts'
import { isWithin, type Forbidding } from './rules.ts'

export interface KeptOut {
  readonly party: Party
  readonly description: string
}

/** The answer to the call; the first of its kind asks the owners. */
export function keepOut(
  request: Request,
  { party, description }: KeptOut,
  ruling: Forbidding,
  { view, wallMs }: { readonly view: View; readonly wallMs: number },
): Decision {
  if (ruling.kind === 'protected') return { kind: 'fail', failure: failureOf(ruling) }
  const { scopes, areas } = ruling
  const open = openFor(view, party, scopes, areas)
  if (open !== null) return { kind: 'fail', failure: unapproved(open, areas) }
  const id = nextRequestedId(request, wallMs)
  const names = areas.map(({ name }) => name)
  const approval = { id, party, scopes, areas: names, description }
  return {
    kind: 'append',
    bodies: [{ kind: 'ask-approval', rid: request.rid, approval }],
    warnings: [],
    told: { kind: 'failed', failure: unapproved(approval, areas) },
  }
}

/** Where no owner can be asked: without a majority, or for somebody else. */
export function failureOf(ruling: Forbidding): Failure {
  if (ruling.kind === 'unapproved') return unapproved(null, ruling.areas, ruling.scopes)
  const { scope, pattern } = ruling
  const where = scope.pattern === pattern ? '' : `: ${pattern}`
  const message = `'${scope.pattern}' is protected in this repository${where}`
  return { code: 'POLICY_PROTECTED', message, data: { pattern, asked: scope.pattern } }
}

type Asked = Pick<Approval, 'id' | 'scopes' | 'areas'>

/** @param asked null: nobody was asked. */
export function unapproved(
  asked: Asked | null,
  areas: readonly Area[],
  scopes: readonly Scope[] = asked?.scopes ?? [],
): Failure {
  const names = asked?.areas ?? areas.map(({ name }) => name)
  const owners = [...new Set(areas.flatMap((area) => area.owners))]
  const patterns = [...new Set(scopes.map(({ pattern }) => pattern))]
  const who = owners.length === 0 ? 'a person' : owners.join(' or ')
  const what = `'${patterns.join("', '")}' is in '${names.join("', '")}'`
  return {
    code: 'POLICY_APPROVAL',
    message: `${what}, where claims need a word of ${who}`,
    hint:
      asked === null
        ? 'Claim it again once a majority can be reached: its owners are asked then.'
        : `It is asked for. An owner types: skein owners approve ${asked.id}; then claim again.`,
    data: { approval: asked?.id ?? null, areas: names, owners, patterns },
  }
}

/** The party's own question about the same, while nobody has answered it. */
function openFor(
  view: View,
  party: Party,
  scopes: readonly Scope[],
  areas: readonly Area[],
): Approval | null {
  const isAsked = (approval: Approval): boolean =>
    approval.state === 'asked' &&
    isSameParty(approval.party, party) &&
    areas.every(({ name }) => approval.areas.includes(name)) &&
    scopes.every((scope) =>
      approval.scopes.some((asked) => isWithin(judgeable(scope, view), asked, view)),
    )
  return view.state.approvals.find(isAsked) ?? null
}
