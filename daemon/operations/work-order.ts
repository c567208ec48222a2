// A task for a machine's worker: what the worker is told, whether the machine would take it, and the decision of the leader. Whoever
// assigns by hand and whoever approves a plan come this way.
import { createHash } from 'node:crypto'
import {
  branchOfTask,
  FLEET_LIMITS,
  SkeinError,
  type AssignmentId,
  type AssignmentOrder,
  type Party,
  type PeerId,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { Assigned, AssignCommand } from '../core/fleet/command.ts'
import { askOffer } from '../mesh/fleet-questions.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { stampNow, type Parts } from './context.ts'
import { assignedOf } from './fleet-words.ts'
import type { PreparedTask } from './task-terms.ts'

export const DEFAULT_LAUNCHER = 'claude'

/** What is to be done, by whom, and on what it rests. */
export interface WorkGiven {
  readonly party: Party
  readonly worker: AssignCommand['worker']
  readonly order: AssignmentOrder
  /** Null: no task that is written down anywhere. */
  readonly prepared: PreparedTask | null
  readonly again: boolean
  readonly key: AssignCommand['key']
  readonly proposal: AssignmentId | null
}

/** @throws SkeinError ASSIGNMENT_REFUSED, PEER_UNREACHABLE */
export async function offerWork(
  parts: Parts,
  { repo }: Pick<Place, 'repo'>,
  peer: PeerId,
  launcher: string,
): Promise<void> {
  if (peer === parts.mesh.self) await parts.fleet.offer(peer, repo.id, launcher)
  else await askOffer(parts.mesh, peer, { repo: repo.id, launcher })
}

/** Offers it to the machine first. @throws SkeinError as the machine and the leader say */
export async function giveWork(parts: Parts, place: Place, given: WorkGiven): Promise<Assigned> {
  const { prepared, ...rest } = given
  await offerWork(parts, place, given.worker.peer, given.order.launcher)
  const command: AssignCommand = {
    ...{ kind: 'assign', ...rest },
    ...{ terms: termsOf(place, prepared), stamp: stampNow(parts) },
  }
  return assignedOf(await submit(hostOf(place.repo), command))
}

type OrderFacts = Pick<AssignmentOrder, 'task' | 'title' | 'prompt' | 'launcher'> &
  Partial<Pick<AssignmentOrder, 'branch' | 'model' | 'files'>>

/** A first try of a task. @throws SkeinError INPUT_SIZE */
export function firstOrder({ task, title, prompt, ...more }: OrderFacts): AssignmentOrder {
  if (prompt.length > FLEET_LIMITS.promptCharactersMax) {
    const most = String(FLEET_LIMITS.promptCharactersMax)
    throw new SkeinError('INPUT_SIZE', `the worker would be told more than ${most} characters`, {
      hint: 'Write it into a file of the repository, and name that.',
    })
  }
  const short = clean(title).slice(0, FLEET_LIMITS.titleCharactersMax)
  return {
    ...{ task, title: short, prompt: cleanLines(prompt), branch: branchOfTask(task, short) },
    ...{ type: 'work', of: null, attempt: 1, model: null, files: [], ...more },
  }
}

/** What a model is told keeps its lines, and nothing that makes a text look like another one. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n')
}

function termsOf({ config }: Place, prepared: PreparedTask | null): AssignCommand['terms'] {
  return {
    ...{ description: 'a worker', narrowable: false, ttlSeconds: null },
    ttlDefaultSeconds: config.ttl.task,
    ttlSharedSeconds: config.ttl.shared,
    claimsPerAgent: config.limits.claims_per_agent ?? 0,
    ...(prepared === null ? {} : { task: prepared.terms }),
  }
}

/** The same key with the same body is the same assignment. */
export function workKey(key: string, body: readonly unknown[]): NonNullable<AssignCommand['key']> {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)
  return { key, digest }
}
