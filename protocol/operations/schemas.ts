// Inputs and outputs of the operations. Inputs are strict: an unknown field is an error that names it, because a
// misspelt `ttl` that is ignored would be a claim that ends at the wrong time.
import { z } from 'zod'
import { DEFAULTS, LIMITS } from '../limits.ts'
import type { OperationName } from './table.ts'

const name = z.string().min(1).max(LIMITS.nameCharactersMax)
const claimId = z
  .string()
  .regex(/^clm_[0-9A-HJKMNP-TV-Z]{26}$/, 'an id like clm_ and 26 letters and digits')
const ids = z.array(claimId).max(LIMITS.idsMax)
const pattern = z.string().min(1).max(LIMITS.patternCharactersMax)
const ttl = z.int().min(1).max(DEFAULTS.ttlSecondsMax)

/** Who and where: every operation takes these; what a caller leaves out is filled from its identity. */
const caller = {
  repo: name.optional().describe('repository id; not needed inside its checkout'),
  agent: name.optional().describe('who you are'),
  session: name.optional().describe('which run of you; the harness fills it'),
  branch: name.optional(),
  cwd: z
    .string()
    .max(4_096)
    .optional()
    .describe('local doors: the directory whose checkout is meant'),
  checkout: z.string().max(4_096).optional().describe('local doors: the checkout, absolute'),
  caller: z
    .strictObject({
      user: z.string().max(LIMITS.nameCharactersMax).optional(),
      tool: z.string().max(LIMITS.nameCharactersMax).optional(),
      pid: z.int().positive().optional(),
      started: z.string().max(100).optional(),
      terminal: z.boolean().optional(),
    })
    .optional()
    .describe('what the command line knows of its process'),
}

const scope = z.strictObject({
  kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
  pattern,
  symbols: z.array(name).max(LIMITS.scopesMax).optional(),
  mode: z.enum(['exclusive', 'shared']).optional(),
})

const scopes = z.array(scope).min(1).max(LIMITS.scopesMax)

export const INPUTS = {
  claim: z.strictObject({
    ...caller,
    scopes,
    description: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    ttl_s: ttl.optional(),
    narrowable: z.boolean().optional(),
    idempotency_key: name.optional(),
  }),
  check: z.strictObject({ ...caller, scopes }),
  claims: z.strictObject({
    ...caller,
    mine: z.boolean().optional(),
    of_agent: name.optional(),
    of_session: name.optional(),
    all_repos: z.boolean().optional(),
    recent: z.boolean().optional(),
    limit: z.int().min(1).max(10_000).optional(),
  }),
  renew: z.strictObject({ ...caller, ids: ids.optional(), ttl_s: ttl.optional() }),
  narrow: z.strictObject({
    ...caller,
    id: claimId,
    patterns: z.array(pattern).min(1).max(LIMITS.scopesMax),
  }),
  release: z.strictObject({
    ...caller,
    ids: ids.optional(),
    mine: z.boolean().optional(),
    of_session: name.optional(),
    of_agent: name.optional(),
    force: z.boolean().optional(),
    reason: z.string().min(1).max(LIMITS.descriptionCharactersMax).optional(),
    yes: z.boolean().optional(),
  }),
  verify: z.strictObject({
    ...caller,
    ids: ids.optional(),
    fences: z.record(claimId, z.int().positive()).optional(),
  }),
  why: z.strictObject({ ...caller, pattern, limit: z.int().min(1).max(500).optional() }),
  status: z.strictObject({ ...caller }),
  enrol: z.strictObject({ ...caller, as: name.optional() }),
  recover: z.strictObject({
    ...caller,
    accept_loss: z.boolean().optional(),
    yes: z.boolean().optional(),
  }),
  config: z.strictObject({ ...caller }),
  'audit/verify': z.strictObject({ ...caller }),
} as const satisfies Record<OperationName, z.ZodType>

const claim = z.object({
  id: z.string(),
  repo: z.string(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  branch: z.string().nullable(),
  description: z.string(),
  kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
  pattern: z.string(),
  symbols: z.array(z.string()),
  mode: z.enum(['exclusive', 'shared']),
  narrowable: z.boolean(),
  fence: z.int().nullable().describe('rises from grant to grant; null for a provisional claim'),
  state: z.enum(['active', 'provisional', 'released', 'expired', 'superseded']),
  granted_at: z.string(),
  expires_at: z.string(),
  last_activity: z.string(),
  coexists_with: z.array(z.string()),
  narrowed_by: z.array(z.string()),
})

const conflict = z.object({
  your_pattern: z.string(),
  your_symbols: z.array(z.string()),
  claim,
  overlap: z.array(z.string()).describe('paths known to be in both'),
  symbol_overlap: z.array(z.object({ file: z.string(), symbols: z.array(z.string()) })),
  lock_delay_s: z.number().nullable().describe('seconds until an expired claim stops blocking'),
})

const option = z.object({ action: z.string(), why: z.string(), command: z.string() })
const asOf = z.object({ term: z.int(), index: z.int(), age_ms: z.int() })
const ended = z.object({ claim, reason: z.string(), by: z.string(), at: z.string() })

const auditEvent = z.object({
  id: z.string(),
  repo: z.string(),
  kind: z.string(),
  at: z.string(),
  term: z.int(),
  index: z.int(),
  actor: z.string(),
  machine: z.string(),
  data: z.record(z.string(), z.unknown()),
  prev: z.string(),
  hash: z.string(),
})

export const OUTPUTS = {
  claim: z.object({
    status: z.enum(['granted', 'queued', 'refused', 'provisional']),
    claims: z.array(claim),
    conflicts: z.array(conflict),
    more_conflicts: z.int(),
    queue: z.null(),
    warnings: z.array(z.string()),
    options: z.array(option),
  }),
  check: z.object({
    safe: z.boolean(),
    conflicts: z.array(conflict),
    more_conflicts: z.int(),
    would: z.enum(['grant', 'coexist', 'narrow', 'wait']),
    as_of: asOf,
  }),
  claims: z.object({ claims: z.array(claim), more: z.int(), recent: z.array(ended), as_of: asOf }),
  renew: z.object({ claims: z.array(claim) }),
  narrow: z.object({ claims: z.array(claim) }),
  release: z.object({ released: z.array(claim), already: z.array(z.string()) }),
  verify: z.object({
    ok: z.boolean(),
    claims: z.array(z.object({ id: z.string(), fence: z.int().nullable(), live: z.boolean() })),
    leader: z.string().nullable(),
    term: z.int(),
    commit_index: z.int(),
    as_of: z.string(),
  }),
  why: z.object({
    holders: z.array(claim),
    events: z.array(auditEvent),
    more: z.boolean(),
    summary: z.array(z.string()).describe('the events in words, newest first'),
  }),
  status: z.object({
    version: z.string(),
    ready: z.boolean(),
    machine: z.string(),
    peer_id: z.string(),
    pid: z.int(),
    home: z.string(),
    http: z.string().nullable(),
    started_at: z.string(),
    mesh: z.object({ id: z.string(), members: z.int(), online: z.int() }),
    repos: z.array(
      z.object({
        id: z.string(),
        role: z.string(),
        leader: z.string().nullable(),
        term: z.int(),
        commit_index: z.int(),
        voters: z.array(z.string()),
        claims: z.int(),
        queued: z.int(),
        quorum: z.boolean(),
        problem: z.string().nullable(),
        checkouts: z.array(z.string()),
      }),
    ),
  }),
  enrol: z.object({
    repo: z.string(),
    is_new: z.boolean(),
    generation: z.int(),
    checkout: z.string(),
  }),
  recover: z.object({ repo: z.string(), generation: z.int(), kept_at: z.string().nullable() }),
  config: z.object({
    values: z.array(
      z.object({
        key: z.string(),
        value: z.unknown(),
        source: z.string(),
        file: z.string().nullable(),
      }),
    ),
  }),
  'audit/verify': z.object({
    ok: z.boolean(),
    events: z.int(),
    last: z.string().nullable(),
    problem: z.string().nullable(),
  }),
} as const satisfies Record<OperationName, z.ZodType>

export type OperationInput<Name extends OperationName> = z.infer<(typeof INPUTS)[Name]>
export type OperationResult<Name extends OperationName> = DeepReadonly<
  z.infer<(typeof OUTPUTS)[Name]>
>
export type CallerFields = Pick<OperationInput<'status'>, keyof typeof caller>
export type AuditEventJson = z.infer<typeof auditEvent>

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T
