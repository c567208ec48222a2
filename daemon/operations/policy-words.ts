// What the policy means for a claim, before the ledger is asked and after it has answered.
import { judgeable, type OperationResult, type Party, type Scope } from '../../protocol/index.ts'
import { failureOf } from '../core/policy/refuse.ts'
import { protectedIn, ruleOn, softAreas } from '../core/policy/rules.ts'
import type { View } from '../core/view.ts'
import { failureError } from '../failure.ts'

/** Told before the size of a claim is: what is too large to be claimed may be written, what is protected may not. */
export function requireOpen(view: View, scopes: readonly Scope[]): void {
  const met = protectedIn(view, scopes)
  if (met !== null) throw failureError(failureOf(met))
}

/** The scopes in the modes that they would be granted in. @throws SkeinError POLICY_PROTECTED, POLICY_APPROVAL */
export function ruledScopes(
  view: View,
  party: Party,
  scopes: readonly Scope[],
  wallMs: number,
): readonly Scope[] {
  const ruling = ruleOn(view, party, scopes, wallMs)
  if (ruling.kind !== 'free') throw failureError(failureOf(ruling))
  return ruling.scopes
}

/** Whose soft areas a claim meets. */
export function adviceOn(view: View, party: Party, scopes: readonly Scope[]): readonly string[] {
  if (view.rules.now.areas.length === 0) return []
  const told = scopes.flatMap((scope) =>
    softAreas(view, party, judgeable(scope, view)).map(
      ({ name, owners }) =>
        `'${scope.pattern}' is in '${name}', which ${owners.join(', ')} answers for: tell them what you change`,
    ),
  )
  return [...new Set(told)].slice(0, ADVICE_MAX)
}

const ADVICE_MAX = 5

/** What was asked for exclusively, and is for all. */
export function madeShared(
  scopes: readonly Scope[],
  { claims }: Pick<OperationResult<'claim'>, 'claims'>,
): readonly string[] {
  const exclusive = new Set(
    scopes.filter(({ mode }) => mode === 'exclusive').map(({ pattern }) => pattern),
  )
  const shared = claims.filter(({ mode, pattern }) => mode === 'shared' && exclusive.has(pattern))
  return shared.map(
    ({ pattern }) =>
      `'${pattern}' is shared in this repository: others may hold it beside you, so keep your change small and pull first`,
  )
}
