// What the audit logs of several daemons say of one repository, as one list of facts in the order of the ledger. Replicas
// tell the same records alike, so wherever two logs both reach they must agree. Observations that have no record (refusals)
// are left out; so are claims on symbols, tasks and resources, whose overlap is not one of paths.
export type Fact = Granted | Ended

export interface Granted {
  readonly kind: 'granted'
  readonly term: number
  readonly index: number
  readonly claim: string
  readonly fence: number
  readonly scope: string
  readonly mode: 'exclusive' | 'shared'
  readonly session: string
}

export interface Ended {
  readonly kind: 'ended'
  readonly term: number
  readonly index: number
  readonly claim: string
  readonly reason: string
}

export interface Ledger {
  /** By index, and in the order of one record's changes. */
  readonly facts: readonly Fact[]
  /** What the logs contradict each other in. */
  readonly violations: readonly string[]
}

/** What is read of an event; those of the audit log and of the `events` operation have it. */
interface Told {
  readonly kind: string
  readonly term: number
  readonly index: number
  readonly data: Readonly<Record<string, unknown>>
}
type Log = readonly Told[]

/** @param logs the events of each daemon, by its name, in the order of its log; they may end at different places. */
export function mergeLogs(logs: Readonly<Record<string, Log>>): Ledger {
  const violations: string[] = []
  const merged = new Map<number, { machine: string; facts: Fact[] }>()
  for (const [machine, log] of Object.entries(logs)) {
    const told = log.flatMap((event) => factOf(event) ?? [])
    told.forEach((fact, at) => {
      const before = told[at - 1]
      if (before !== undefined && fact.index < before.index)
        violations.push(`${machine} tells ${say(fact)} after ${say(before)}`)
    })
    for (const [index, facts] of groupBy(told, (fact) => fact.index)) {
      const known = merged.get(index)
      if (known === undefined) merged.set(index, { machine, facts })
      else if (JSON.stringify(known.facts) !== JSON.stringify(facts))
        violations.push(
          `index ${String(index)} is ${sayAll(known.facts)} to ${known.machine} and ${sayAll(facts)} to ${machine}`,
        )
    }
    violations.push(...missingIn(machine, told, logs))
  }
  const facts = [...merged].sort(([a], [b]) => a - b).flatMap(([, { facts }]) => facts)
  return { facts, violations }
}

export function groupBy<Key, Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

export function say(fact: Fact): string {
  const place = `${String(fact.term)}.${String(fact.index)}`
  if (fact.kind === 'ended') return `end of ${fact.claim} (${fact.reason}) at ${place}`
  return `grant ${fact.claim} of ${fact.scope} to ${fact.session} under ${String(fact.fence)} at ${place}`
}

function sayAll(facts: readonly Fact[]): string {
  return facts.map(say).join(' and ')
}

/** What another log tells between the first and the last index of this one, and this one does not. */
function missingIn(
  machine: string,
  told: readonly Fact[],
  logs: Readonly<Record<string, Log>>,
): string[] {
  const first = told[0]?.index ?? Infinity
  const last = told.at(-1)?.index ?? -Infinity
  const own = new Set(told.map(({ index }) => index))
  return Object.entries(logs).flatMap(([other, log]) =>
    log
      .flatMap((event) => factOf(event) ?? [])
      .filter(({ index }) => index > first && index < last && !own.has(index))
      .map((fact) => `${machine} never tells ${say(fact)}, which ${other} tells`),
  )
}

function factOf(event: Told): Fact | null {
  const { kind, term, index, data } = event
  if (data['claim_kind'] !== 'file') return null
  if (Array.isArray(data['symbols']) && data['symbols'].length > 0) return null
  const claim = String(data['claim'])
  if (kind === 'claim.granted') {
    return {
      kind: 'granted',
      term,
      index,
      claim,
      fence: Number(data['fence']),
      scope: String(data['pattern']),
      mode: data['mode'] === 'shared' ? 'shared' : 'exclusive',
      session: String(data['session']),
    }
  }
  if (kind !== 'claim.released' && kind !== 'claim.expired') return null
  return { kind: 'ended', term, index, claim, reason: String(data['reason']) }
}
