// What the policy says to a claim: for nobody, for its owners, for all at once. Patterns are compiled when the policy changes.
//
//   the claim                         a claim of an owner    of anybody else
//   meets a protected pattern         forbidden              forbidden
//   meets a hard area                 as it was asked        as it was asked once an owner let it in, else unapproved
//   lies in a shared pattern          shared                 shared
//   meets a shared one, and more      as it was asked        as it was asked
//
// What is held already stays as it is: a policy says what may be granted from now on.
import {
  covers,
  escapePath,
  isOwner,
  isSameParty,
  isSymbolInside,
  judgeable,
  LIMITS,
  matchesPath,
  overlapScopes,
  parsePattern,
  SkeinError,
  type Approval,
  type Area,
  type JudgedScope,
  type LedgerState,
  type Party,
  type Pattern,
  type PolicyState,
  type Scope,
} from '../../../protocol/index.ts'

/** Of a view, what a ruling rests on. */
interface Ruled {
  readonly rules: { readonly now: Rules }
  readonly state: Pick<LedgerState, 'approvals'>
  readonly caseExact: boolean
}

export interface Rules {
  readonly protected: readonly Rule[]
  readonly shared: readonly Rule[]
  readonly areas: readonly { readonly area: Area; readonly rules: readonly Rule[] }[]
}

interface Rule {
  readonly compiled: Pattern
  readonly scope: JudgedScope
}

export type Ruling =
  /** May be granted, in these modes. */
  { readonly kind: 'free'; readonly scopes: readonly Scope[] } | Forbidding

export type Forbidding =
  | { readonly kind: 'protected'; readonly scope: Scope; readonly pattern: string }
  /** Hard areas whose owners have not let it in, and what of the claim meets them. */
  | {
      readonly kind: 'unapproved'
      readonly scopes: readonly Scope[]
      readonly areas: readonly Area[]
    }

export function compileRules({ policy, promoted }: PolicyState, caseExact: boolean): Rules {
  const compile = (patterns: readonly string[]): readonly Rule[] =>
    patterns.flatMap((pattern) => compileRule(pattern, caseExact))
  return {
    protected: compile(policy.protected),
    shared: compile([...policy.shared, ...promoted.map(({ pattern }) => pattern)]),
    areas: policy.areas.map((area) => ({ area, rules: compile(area.paths) })),
  }
}

/** Who proposed it has read it; a text that cannot be read here must not stop the fold. */
function compileRule(pattern: string, caseExact: boolean): readonly Rule[] {
  try {
    const scope = judgeable({ kind: 'file', pattern, symbols: [], mode: 'shared' }, { caseExact })
    return 'compiled' in scope ? [{ compiled: scope.compiled, scope }] : []
  } catch (error) {
    if (error instanceof SkeinError) return []
    throw error
  }
}

/** @param wallMs by it an approval ends */
export function ruleOn(
  view: Ruled,
  party: Party,
  scopes: readonly Scope[],
  wallMs: number,
): Ruling {
  const { protected: forbidden, shared, areas } = view.rules.now
  if (forbidden.length + shared.length + areas.length === 0) return { kind: 'free', scopes }
  const met = protectedIn(view, scopes)
  if (met !== null) return met
  const asked = scopes.map((scope) => judgeable(scope, view))
  const closed = asked.flatMap((scope) => {
    const met = hardAreas(view, scope).filter((area) => !mayEnter(view, party, area, scope, wallMs))
    return met.length === 0 ? [] : [{ scope, met }]
  })
  if (closed.length > 0) {
    const met = new Set(closed.flatMap((one) => one.met))
    return { kind: 'unapproved', scopes: closed.map(({ scope }) => bare(scope)), areas: [...met] }
  }
  return { kind: 'free', scopes: inRuledModes(view, scopes) }
}

/** The scopes in the modes that they would be granted in now: what lies in a shared pattern is shared. */
export function inRuledModes(
  view: Pick<Ruled, 'rules' | 'caseExact'>,
  scopes: readonly Scope[],
): readonly Scope[] {
  const { shared } = view.rules.now
  if (shared.length === 0) return scopes
  return scopes.map((scope): Scope => {
    const asked = judgeable(scope, view)
    const isShared =
      'compiled' in asked && shared.some((rule) => covers(rule.compiled, asked.compiled))
    return isShared ? { ...scope, mode: 'shared' } : scope
  })
}

/** The first of the scopes that meets a protected pattern; null: none does. */
export function protectedIn(
  view: Ruled,
  scopes: readonly Scope[],
): Extract<Ruling, { kind: 'protected' }> | null {
  const { protected: forbidden } = view.rules.now
  if (forbidden.length === 0) return null
  for (const scope of scopes) {
    const asked = judgeable(scope, view)
    const met = forbidden.find((rule) => overlapScopes(asked, rule.scope) !== null)
    if (met !== undefined) return { kind: 'protected', scope, pattern: met.compiled.text }
  }
  return null
}

/** The protected pattern that a file is in; null: it is in none. */
export function protectedBy({ rules }: Ruled, path: string): string | null {
  const met = rules.now.protected.find(({ compiled }) => matchesPath(compiled, path))
  return met?.compiled.text ?? null
}

/** Hard areas that a file is in and that this party may not change: it is no owner, and none let it in. */
export function closedAreas(
  view: Ruled,
  party: Party,
  path: string,
  wallMs: number,
): readonly Area[] {
  const met = view.rules.now.areas.filter(
    ({ area, rules }) =>
      area.severity === 'hard' && rules.some(({ compiled }) => matchesPath(compiled, path)),
  )
  if (met.length === 0) return []
  const scope = scopeOfFile(view, path)
  return met.flatMap(({ area }) =>
    isOwner(area, party.agent) || (scope !== null && mayEnter(view, party, area, scope, wallMs))
      ? []
      : [area],
  )
}

/** Null: a path may be longer than a pattern, and nobody can have let that in. */
function scopeOfFile(view: Ruled, path: string): JudgedScope | null {
  const pattern = escapePath(path)
  if (pattern.length > LIMITS.patternCharactersMax) return null
  return judgeable({ kind: 'file', pattern, symbols: [], mode: 'exclusive' }, view)
}

/** Soft areas that a claim meets and whose owners are others: for them to be named. */
export function softAreas({ rules }: Ruled, party: Party, scope: JudgedScope): readonly Area[] {
  return rules.now.areas.flatMap(({ area, rules: own }) => {
    if (area.severity !== 'soft' || area.owners.length === 0 || isOwner(area, party.agent))
      return []
    return own.some((rule) => overlapScopes(scope, rule.scope) !== null) ? [area] : []
  })
}

/** Hard areas that a scope meets. */
export function hardAreas({ rules }: Pick<Ruled, 'rules'>, scope: JudgedScope): readonly Area[] {
  return rules.now.areas.flatMap(({ area, rules: own }) =>
    area.severity === 'hard' && own.some((rule) => overlapScopes(scope, rule.scope) !== null)
      ? [area]
      : [],
  )
}

function mayEnter(
  view: Ruled,
  party: Party,
  area: Area,
  scope: JudgedScope,
  wallMs: number,
): boolean {
  if (isOwner(area, party.agent)) return true
  return approvalsOf(view, party, area, wallMs).some(({ scopes }) =>
    scopes.some((approved) => isWithin(scope, approved, view)),
  )
}

function approvalsOf(
  { state }: Ruled,
  party: Party,
  area: Area,
  wallMs: number,
): readonly Approval[] {
  return state.approvals.filter(
    ({ state: is, untilMs, areas, party: by }) =>
      is === 'approved' && wallMs < untilMs && areas.includes(area.name) && isSameParty(by, party),
  )
}

/** Is all of it in what was let in? */
export function isWithin(
  scope: JudgedScope,
  approved: Scope,
  { caseExact }: { readonly caseExact: boolean },
): boolean {
  if (!('compiled' in scope)) return false
  if (!covers(parsePattern(approved.pattern, { caseExact }), scope.compiled)) return false
  if (approved.kind !== 'symbol') return true
  const { symbols } = scope
  return scope.kind === 'symbol' && symbols.every((one) => isSymbolInside(one, approved.symbols))
}

function bare({ kind, pattern, symbols, mode }: JudgedScope): Scope {
  return { kind, pattern, symbols, mode }
}
