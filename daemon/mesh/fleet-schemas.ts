// What machines ask of a repository's assignments.
import { z } from 'zod'
import { ASSIGNMENT_FAILURES, ASSIGNMENT_STATES, FLEET_LIMITS } from '../../protocol/index.ts'
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
})

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
  }),
  z.looseObject({ kind: z.literal('move-assignment'), id, to: z.enum(ASSIGNMENT_STATES), facts }),
  z.looseObject({ kind: z.literal('stop-assignment'), party, id, note: text, lost: z.boolean() }),
] as const
