// Which machine takes a task: one that takes workers of this repository, has the launcher and what the task needs, is awake, and has
// the most free slots.
import type { LeftKind } from '../../../protocol/index.ts'
import type { Candidate, LeftReason, PlanInput, PlanMachine } from './plan-words.ts'

export type Placed =
  | { readonly kind: 'machine'; readonly machine: PlanMachine; readonly free: number }
  | { readonly kind: 'none'; readonly reason: LeftReason }

type PlaceInput = Pick<PlanInput, 'machines' | 'silent'>

/** Slots get fewer with each task that is placed. */
export interface Placing {
  place(candidate: Candidate, launcher: string): Placed
  take(machine: PlanMachine): void
}

interface Rule {
  readonly kind: LeftKind
  readonly fits: (machine: PlanMachine) => boolean
  /** Of those that fit all rules before it, and not this one. */
  readonly why: (machines: readonly PlanMachine[]) => string
  readonly next: string
}

export function createPlacing(input: PlaceInput): Placing {
  const free = new Map(input.machines.map(({ peer, free: slots }) => [peer, slots]))
  const freeOf = ({ peer }: PlanMachine): number => free.get(peer) ?? 0
  return {
    place(candidate, launcher) {
      let left = input.machines
      for (const rule of rulesFor(candidate, launcher, freeOf)) {
        const fitting = left.filter(rule.fits)
        if (fitting.length === 0) return none(rule, left, input.silent)
        left = fitting
      }
      const [best] = [...left].sort((a, b) => freeOf(b) - freeOf(a) || byName(a, b))
      // No rule leaves nobody.
      if (best === undefined) return none(NOBODY, [], input.silent)
      return { kind: 'machine', machine: best, free: freeOf(best) }
    },
    take(machine) {
      free.set(machine.peer, freeOf(machine) - 1)
    },
  }
}

const NOBODY: Rule = {
  kind: 'machine',
  fits: ({ refusal }) => refusal === null,
  why: (machines) =>
    machines.length === 0
      ? 'no machine can be asked'
      : `no machine takes it: ${machines.map(({ machine, refusal }) => `${machine}: ${refusal ?? ''}`).join('; ')}`,
  next: 'skein members',
}

function rulesFor(
  { capabilities }: Candidate,
  launcher: string,
  freeOf: (machine: PlanMachine) => number,
): readonly Rule[] {
  const lacks = (machine: PlanMachine): readonly string[] =>
    capabilities.filter((each) => !machine.capabilities.includes(each))
  return [
    NOBODY,
    {
      kind: 'launcher',
      fits: ({ launchers }) => launchers.includes(launcher),
      why: (machines) => `no launcher '${launcher}' on ${names(machines)}`,
      next: 'skein plan --launcher NAME',
    },
    {
      kind: 'capability',
      fits: (machine) => lacks(machine).length === 0,
      why: (machines) =>
        `it needs ${capabilities.join(', ')}: ${machines.map((each) => `${each.machine} lacks ${lacks(each).join(', ')}`).join('; ')}`,
      next: 'skein members',
    },
    {
      kind: 'repository',
      fits: ({ stale }) => stale.length === 0,
      why: (machines) =>
        `what it builds on is behind what was fetched: ${machines.map(({ machine, stale }) => `${stale.join(', ')} on ${machine}`).join('; ')}`,
      next: 'git pull --ff-only',
    },
    {
      kind: 'quiet',
      fits: ({ quiet }) => quiet === null,
      why: (machines) =>
        machines.map(({ machine, quiet }) => `${machine}: ${quiet ?? ''}`).join('; '),
      next: 'skein workers',
    },
    {
      kind: 'slots',
      fits: (machine) => freeOf(machine) > 0,
      why: (machines) => `no slot is free on ${names(machines)}`,
      next: 'skein workers',
    },
  ]
}

function none(rule: Rule, machines: readonly PlanMachine[], silent: readonly string[]): Placed {
  const unheard =
    silent.length === 0 ? '' : ` (not asked, for they do not answer: ${silent.join(', ')})`
  const who = machines.length === 0 ? null : names(machines)
  const note = `${rule.why(machines)}${unheard}`
  return { kind: 'none', reason: { kind: rule.kind, note, sinceMs: null, who, next: rule.next } }
}

function names(machines: readonly PlanMachine[]): string {
  return machines.map(({ machine }) => machine).join(', ')
}

function byName(a: PlanMachine, b: PlanMachine): number {
  return a.machine < b.machine ? -1 : a.machine > b.machine ? 1 : 0
}
