// What machines ask of a repository's assignments.
import { z } from 'zod'
import {
  ASSIGNMENT_FAILURES,
  ASSIGNMENT_STATES,
  ASSIGNMENT_TYPES,
  FLEET_LIMITS,
  LANDING_BLOCKERS,
  LANDING_STATES,
  VERDICT_KINDS,
} from '../../protocol/index.ts'
import { id, key, name, party, peer, stamp, terms, text } from './field-schemas.ts'

/** Text that a person wrote comes bounded; in UTF-16 units a character may be two. */
const title = z.string().max(2 * FLEET_LIMITS.titleCharactersMax)
const commit = z.string().regex(/^[0-9a-f]{40,64}$/)

const order = z.looseObject({
  task: name,
  title,
  prompt: z.string().max(2 * FLEET_LIMITS.promptCharactersMax),
  launcher: name,
  branch: name,
  type: z.enum(ASSIGNMENT_TYPES),
  of: id.nullable(),
  attempt: z.int().min(1),
  model: name.nullable(),
  files: z.array(z.string().max(FLEET_LIMITS.fileCharactersMax)).max(FLEET_LIMITS.filesMax),
})
const facts = z.looseObject({
  base: commit.optional(),
  reason: z.enum(ASSIGNMENT_FAILURES).optional(),
  note: text.optional(),
  exit: z
    .looseObject({ code: z.int().nullable(), signal: z.string().max(16).nullable() })
    .optional(),
  commit: commit.optional(),
  wip: id.optional(),
  costUsd: z.number().min(0).optional(),
  turns: z.int().min(0).optional(),
  conversation: name.optional(),
})
const verdict = z.looseObject({
  kind: z.enum(VERDICT_KINDS),
  outcome: z.enum(['pass', 'fail']),
  commit,
  by: name,
  machine: name,
  from: id.nullable(),
  note: text,
})
const landing = z.looseObject({
  state: z.enum(LANDING_STATES),
  target: name,
  head: commit,
  base: z.union([commit, z.literal('')]),
  commit: commit.nullable(),
  reason: z.enum(LANDING_BLOCKERS).nullable(),
  note: text,
  pull: z.looseObject({ number: z.int(), url: z.string().max(2_000) }).nullable(),
  by: name,
})
const proposal = z.looseObject({ id, order, peer, machine: name, rationale: text, by: name })

export const fleetCommands = [
  z.looseObject({
    kind: z.literal('assign'),
    party,
    worker: z.looseObject({ peer, machine: name }),
    order,
    terms,
    stamp,
    key,
    again: z.boolean(),
    proposal: id.nullable(),
  }),
  z.looseObject({ kind: z.literal('move-assignment'), id, to: z.enum(ASSIGNMENT_STATES), facts }),
  z.looseObject({ kind: z.literal('stop-assignment'), party, id, note: text, lost: z.boolean() }),
  z.looseObject({
    kind: z.literal('answer-assignment'),
    party,
    id,
    note: z.string().max(2 * FLEET_LIMITS.answerCharactersMax),
  }),
  z.looseObject({ kind: z.literal('judge-assignment'), id, verdict }),
  z.looseObject({
    kind: z.literal('land-assignment'),
    id,
    landing,
    fence: z.int().min(1).nullable(),
  }),
  z.looseObject({
    kind: z.literal('propose'),
    proposals: z.array(proposal).max(FLEET_LIMITS.proposalsMax),
  }),
] as const
