// What assignments mean, from outside: whose task it is, what may become of it, and when its claim ends. Shares no code with
// protocol/assignment.ts or daemon/core/fleet; the claim of an assignment is judged as every other one is (spec.ts).
import {
  asAssignmentId,
  makeId,
  parseRequestId,
  type AssignmentId,
  type AssignmentOrder,
  type AssignmentState,
  type ClaimId,
  type LedgerRecord,
  type Party,
  type PeerId,
  type RecordBody,
  type RequestId,
  type Scope,
} from '../../protocol/index.ts'
import type { Command, Outcome } from '../../daemon/core/claims/command.ts'
import type { FleetCommand } from '../../daemon/core/fleet/command.ts'
import type { Op } from './op.ts'
import type { Prng } from './prng.ts'
import { LANDING, TASKS } from './universe.ts'
import { check } from './violation.ts'

type Body<Kind extends RecordBody['kind']> = Extract<RecordBody, { kind: Kind }>

export interface FleetWorld {
  opOf(rid: RequestId): Op | undefined
  isLive(id: ClaimId): boolean
  /** The claim's grant, under this record's fence. @returns its id */
  grant(record: LedgerRecord, body: Body<'assign'>): ClaimId
  end(record: LedgerRecord, id: ClaimId, reason: string): void
  /** Of the live claim on the landing, if it is this machine's. */
  landingFence(peer: PeerId): number | null
}

interface SpecAssignment {
  readonly id: AssignmentId
  readonly rid: RequestId | null
  readonly task: string
  readonly peer: PeerId
  readonly claim: ClaimId
  readonly type: string
  /** With the index from which on it was so. */
  readonly states: { readonly from: number; readonly state: AssignmentState }[]
  landing: string | null
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  assigned: ['starting', 'waiting', 'failed', 'stopped', 'lost'],
  starting: ['running', 'failed', 'stopped', 'lost'],
  running: ['waiting', 'succeeded', 'empty', 'failed', 'stopped', 'lost'],
  waiting: ['starting', 'running', 'failed', 'stopped', 'lost'],
}
const HEAD = 'a'.repeat(40)

export class FleetSpec {
  readonly assignments = new Map<AssignmentId, SpecAssignment>()
  readonly #world: FleetWorld
  /** When a task was completed by a worker's success. */
  readonly #completed = new Map<string, number>()
  #proposed: Body<'propose'>['proposals'] = []

  constructor(world: FleetWorld) {
    this.#world = world
  }

  apply(record: LedgerRecord): void {
    const { body } = record
    switch (body.kind) {
      case 'assign':
        this.#assign(record, body)
        return
      case 'assignment-move':
        this.#move(record, body)
        return
      case 'assignment-answer':
        check(
          this.#stateOf(body.id) === 'waiting',
          'assignments',
          `${body.id} is answered and asks nothing`,
        )
        return
      case 'assignment-landing':
        this.#land(record, body)
        return
      case 'propose':
        this.#proposed = body.proposals
        return
      default:
    }
  }

  proposals(): Body<'propose'>['proposals'] {
    return this.#proposed
  }

  open(): readonly SpecAssignment[] {
    return [...this.assignments.values()].filter((one) => NEXT[stateNow(one)] !== undefined)
  }

  #assign(record: LedgerRecord, body: Body<'assign'>): void {
    const { id, order, grant, rid } = body
    const op = rid === null ? undefined : this.#world.opOf(rid)
    check(op?.command.kind === 'assign', 'reply', `an assignment for a ${String(op?.command.kind)}`)
    const asked = op.command
    check(
      asked.order.task === order.task && asked.worker.peer === grant.party.peer,
      'assignments',
      `${id} is another task, or another machine's, than asked`,
    )
    check(!this.assignments.has(id), 'assignments', `${id} came twice`)
    const { proposal } = asked
    check(
      proposal === null || (proposal === id && this.#proposed.some((one) => one.id === id)),
      'assignments',
      `${id} approves what is not proposed`,
    )
    const twice = this.open().find(
      ({ task, claim }) => task === order.task && this.#world.isLive(claim),
    )
    check(twice === undefined, 'assignments', `${id} and ${twice?.id ?? ''} have one task`)
    const claim = this.#world.grant(record, body)
    const states = [{ from: record.index, state: 'assigned' }] as const
    const { peer } = grant.party
    this.assignments.set(id, {
      ...{ id, rid, task: order.task, peer, claim, type: order.type, states: [...states] },
      landing: null,
    })
    this.#proposed = this.#proposed.filter((one) => one.order.task !== order.task)
  }

  #move(record: LedgerRecord, body: Body<'assignment-move'>): void {
    const { id, to, rid, facts, abandoned } = body
    const one = this.assignments.get(id)
    check(one !== undefined, 'assignments', `${id} moves and was never assigned`)
    const from = stateNow(one)
    check(NEXT[from]?.includes(to) === true, 'assignments', `${id} goes from ${from} to ${to}`)
    if (abandoned === true) {
      const op = one.rid === null ? undefined : this.#world.opOf(one.rid)
      check(op?.state !== 'answered', 'acknowledged grant lost', `${id} was told and is taken back`)
    } else this.#checkMover(one, rid, to)
    if (to === 'succeeded') {
      check(this.#world.isLive(one.claim), 'assignments', `${id} succeeds without its claim`)
      const isShown = facts.exit?.code === 0 && facts.commit !== undefined
      check(one.type !== 'work' || isShown, 'assignments', `${id} succeeds without what shows it`)
      this.#completed.set(one.task, record.index)
    }
    one.states.push({ from: record.index, state: to })
    if (NEXT[to] !== undefined || !this.#world.isLive(one.claim)) return
    this.#world.end(record, one.claim, to === 'lost' ? 'revoked' : 'released')
  }

  #checkMover({ id, peer }: SpecAssignment, rid: RequestId | null, to: string): void {
    const op = rid === null ? undefined : this.#world.opOf(rid)
    const { command } = op ?? {}
    const isLost = command?.kind === 'stop-assignment' && command.lost && to === 'lost'
    const isOwn =
      command?.kind === 'move-assignment' && rid !== null && parseRequestId(rid).peer === peer
    check(isLost || isOwn, 'assignments', `${id} of ${peer} is moved by ${String(rid)}`)
  }

  #land({ index }: LedgerRecord, { id, landing, rid }: Body<'assignment-landing'>): void {
    const one = this.assignments.get(id)
    check(one !== undefined && stateNow(one) === 'succeeded', 'landing', `${id} has not succeeded`)
    check(one.landing !== 'landed', 'landing', `${id} lands twice, again at ${String(index)}`)
    const op = rid === null ? undefined : this.#world.opOf(rid)
    check(op?.command.kind === 'land-assignment', 'landing', `${id} lands for nobody`)
    const fence = rid === null ? null : this.#world.landingFence(parseRequestId(rid).peer)
    check(
      landing.state === 'dropped' || (fence !== null && fence === op.command.fence),
      'landing',
      `${id} lands at ${String(index)} without the claim on its target`,
    )
    one.landing = landing.state
  }

  #stateOf(id: AssignmentId): AssignmentState | undefined {
    const one = this.assignments.get(id)
    return one === undefined ? undefined : stateNow(one)
  }

  /** Null when such an answer is right. */
  problem(op: Op, outcome: Outcome, committed: number): string | null {
    if (outcome.kind === 'assigned') {
      const { assignment } = outcome
      const known = this.assignments.get(assignment.id)
      if (known === undefined) return `${assignment.id} is on no committed path`
      if (!known.states.some(({ state }) => state === assignment.state))
        return `${assignment.id} was never ${assignment.state}`
      const { command } = op
      if (command.kind === 'assign' && !outcome.already && known.rid !== op.rid)
        return `${assignment.id} was assigned to ${String(known.rid)}`
      return isFleetCommand(command) ? null : `an assignment for a ${command.kind}`
    }
    if (outcome.kind === 'task-over' && op.command.kind === 'expire-tasks') return null
    if (outcome.kind === 'done' && op.command.kind === 'propose') return null
    if (outcome.kind !== 'failed') return `${outcome.kind} for a ${op.command.kind}`
    return this.#failureProblem(op, outcome.failure.code, committed)
  }

  #failureProblem({ command, floor }: Op, code: string, committed: number): string | null {
    const isSo = (): boolean => {
      switch (code) {
        case 'TASK_COMPLETED':
          return command.kind === 'assign' && this.#completed.has(command.order.task)
        case 'PROPOSAL_UNKNOWN':
          return command.kind === 'assign' && command.proposal !== null
        case 'ASSIGNMENT_UNKNOWN':
          return 'id' in command && !this.#wasKnown(command.id, floor)
        case 'ASSIGNMENT_OVER':
          return 'id' in command && this.#mayBeOver(command, floor, committed)
        case 'FORBIDDEN':
          return command.kind === 'move-assignment' || command.kind === 'judge-assignment'
        case 'TASK_NOT_CLAIMED':
          return command.kind === 'expire-tasks'
        // Told by the claims in the way, which the judge of claims answers for.
        case 'TASK_TAKEN':
        case 'TASK_HELD':
        case 'CLAIM_STALE':
        case 'INPUT_SCHEMA':
        case 'UNCERTAIN':
          return true
        default:
          return false
      }
    }
    return isSo() ? null : `${code} for ${JSON.stringify(command)}`
  }

  #wasKnown(id: string, floor: number): boolean {
    const one = this.assignments.get(asAssignmentId(id))
    return one !== undefined && (one.states[0]?.from ?? Infinity) <= floor
  }

  /** Was it, at some index since the call, what such a command cannot be for? */
  #mayBeOver(command: Command, floor: number, committed: number): boolean {
    if (!('id' in command)) return false
    const one = this.assignments.get(asAssignmentId(command.id))
    return (
      one?.states.some(({ from, state }, at) => {
        const until = one.states[at + 1]?.from ?? Infinity
        if (from > committed || until <= floor) return false
        if (command.kind === 'move-assignment') return NEXT[state]?.includes(command.to) !== true
        if (command.kind === 'answer-assignment') return state !== 'waiting'
        return state !== 'succeeded' || one.landing !== null
      }) === true
    )
  }
}

export function isFleetCommand(
  command: Command,
): command is FleetCommand | Extract<Command, { kind: 'expire-tasks' }> {
  return /-assignment$|^assign$|^propose$|^expire-tasks$/.test(command.kind)
}

function stateNow({ states }: SpecAssignment): AssignmentState {
  return states.at(-1)?.state ?? 'assigned'
}

export interface Around {
  readonly party: Party
  readonly peers: readonly PeerId[]
  readonly stamp: Extract<FleetCommand, { kind: 'assign' }>['stamp']
  readonly fleet: FleetSpec
  /** Ids of proposals are made by whoever plans. */
  readonly atMs: number
  /** Of the claim on the landing, right or stale. */
  readonly fence: number | null
}

export function drawFleetCommand(prng: Prng, around: Around): Command {
  const { party, fleet, fence } = around
  const all = [...fleet.assignments.values()]
  const kind = prng.weighted([
    ['assign', 4],
    ['move', all.length > 0 ? 24 : 0],
    ['stop', all.length > 0 ? 1 : 0],
    ['expire', all.length > 0 ? 2 : 0],
    ['answer', all.length > 0 ? 1 : 0],
    ['verdict', all.length > 0 ? 1 : 0],
    ['land', all.length > 0 ? 2 : 0],
    ['propose', 1],
  ] as const)
  switch (kind) {
    case 'assign':
      return drawAssign(prng, around)
    case 'move': {
      const own = fleet.open().filter(({ peer }) => peer === party.peer)
      const one = own.length > 0 && prng.chance(0.95) ? prng.pick(own) : prng.pick(all)
      const on = { starting: 'running', assigned: 'starting', running: 'succeeded' } as const
      const state = stateNow(one)
      const next = state in on && prng.chance(0.7) ? [on[state as keyof typeof on]] : NEXT[state]
      const ways = next ?? ['running']
      const to = prng.chance(0.9) ? prng.pick(ways) : prng.pick(Object.keys(NEXT))
      const shown = prng.chance(0.9) ? { exit: { code: 0, signal: null }, commit: HEAD } : {}
      return { kind: 'move-assignment', id: one.id, to: to as AssignmentState, facts: shown }
    }
    case 'stop': {
      const lost = prng.chance(0.3)
      return { kind: 'stop-assignment', party, id: prng.pick(all).id, note: '', lost }
    }
    case 'expire': {
      const target = { by: 'task', task: prng.pick(TASKS) } as const
      return { kind: 'expire-tasks', party, target, note: '' }
    }
    case 'answer':
      return { kind: 'answer-assignment', party, id: prng.pick(all).id, note: 'yes' }
    case 'verdict':
      return {
        ...{ kind: 'judge-assignment', id: prng.pick(all).id },
        verdict: {
          ...{ kind: 'test', outcome: 'pass', commit: HEAD, by: party.agent },
          ...{ machine: party.machine, from: null, note: '' },
        },
      }
    case 'land': {
      const done = all.filter((one) => stateNow(one) === 'succeeded')
      const { id } = prng.pick(done.length > 0 ? done : all)
      const state = prng.pick(['landed', 'blocked'] as const)
      return {
        ...{ kind: 'land-assignment', id, fence: fence ?? 7 },
        landing: {
          ...{ state, target: 'main', head: HEAD, base: HEAD, commit: HEAD, pull: null },
          ...{ reason: state === 'blocked' ? 'conflict' : null, note: '', by: party.machine },
        },
      }
    }
    case 'propose':
      return { kind: 'propose', proposals: drawProposals(prng, around) }
  }
}

function drawProposals(prng: Prng, { party, peers, atMs }: Around) {
  return prng
    .shuffled(TASKS)
    .slice(0, 1 + prng.int(2))
    .map((task) => ({
      id: asAssignmentId(makeId('asg', atMs, prng.bytes(16))),
      ...{ order: orderOf(task), peer: prng.pick(peers), machine: 'm' },
      ...{ rationale: '', by: party.agent },
    }))
}

function drawAssign(prng: Prng, { party, peers, stamp, fleet }: Around): FleetCommand {
  const proposed = fleet.proposals()
  const proposal = proposed.length > 0 && prng.chance(0.5) ? prng.pick(proposed) : null
  const { order, peer } = proposal ?? { order: orderOf(prng.pick(TASKS)), peer: prng.pick(peers) }
  return {
    ...{ kind: 'assign', party, worker: { peer, machine: 'm' }, order, stamp },
    terms: {
      ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
      ...{ ttlDefaultSeconds: 3_600, ttlSharedSeconds: 1_800 },
    },
    ...{ key: null, again: prng.chance(0.7), proposal: proposal?.id ?? null },
  }
}

function orderOf(task: string): AssignmentOrder {
  return {
    ...{ task, title: task, prompt: 'do', launcher: 'sh', branch: `task-${task}` },
    ...{ type: 'work', of: null, attempt: 1, model: null, files: [] },
  }
}

/** What a session holds while it lands. */
export const LANDING_SCOPE: Scope = {
  kind: 'resource',
  pattern: LANDING,
  symbols: [],
  mode: 'exclusive',
}
