// Inputs of the operations. They are strict: an unknown field is an error that names it, because a
// misspelt `ttl` that is ignored would be a claim that ends at the wrong time.
import { z } from 'zod'
import { HARNESSES } from '../harness.ts'
import { HOOK_EVENTS } from '../hooks.ts'
import { DEFAULTS, LIMITS } from '../limits.ts'
import {
  name,
  claimId,
  queueId,
  requestedId,
  invitationId,
  addresses,
  yes,
  urgency,
  ids,
  pattern,
  moment,
  mark,
  ttl,
  callerShape,
  changedPath,
  edit,
  symbolsByFile,
  scopes,
} from './input-parts.ts'
import { assignmentId } from './inputs-fleet.ts'
import { POLICY_INPUTS } from './inputs-policy.ts'
import { WORKERS_INPUTS } from './inputs-workers.ts'
import { WIP_INPUTS } from './inputs-wip.ts'
import type { OperationName } from './table.ts'

export const INPUTS = {
  claim: z.strictObject({
    ...callerShape,
    scopes,
    description: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    ttl_s: ttl.optional(),
    narrowable: z.boolean().optional(),
    provisional: z
      .boolean()
      .optional()
      .describe('without a majority: note it here, and settle it later'),
    wait_s: z.int().min(0).max(DEFAULTS.waitSecondsMax).optional(),
    urgency: urgency.optional(),
    idempotency_key: name.optional(),
  }),
  check: z.strictObject({ ...callerShape, scopes }),
  refactor: z.strictObject({
    ...callerShape,
    file: changedPath.describe('that declares it, from the root'),
    symbol: pattern.describe('as the file nests it: `Class::method`'),
    to: name.optional().describe('its new name'),
    dry_run: z.boolean().optional(),
    description: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    ttl_s: ttl.optional(),
    wait_s: z.int().min(0).max(DEFAULTS.waitSecondsMax).optional(),
    urgency: urgency.optional(),
  }),
  queue: z.strictObject({ ...callerShape, mine: z.boolean().optional() }),
  cancel: z.strictObject({ ...callerShape, ids: z.array(queueId).min(1).max(LIMITS.idsMax) }),
  wait: z.strictObject({
    ...callerShape,
    id: z.union([queueId, assignmentId]),
    wait_s: z.int().min(0).max(DEFAULTS.parkedWaitSeconds).optional(),
  }),
  claims: z.strictObject({
    ...callerShape,
    mine: z.boolean().optional(),
    of_agent: name.optional(),
    of_session: name.optional(),
    all_repos: z.boolean().optional(),
    recent: z.boolean().optional(),
    limit: z.int().min(1).max(10_000).optional(),
  }),
  request: z.strictObject({
    ...callerShape,
    claim: claimId,
    reason: z.string().min(1).max(LIMITS.descriptionCharactersMax),
    urgency: urgency.optional(),
    scope: pattern.optional().describe('what is really needed, when that is less'),
    wait_s: z.int().min(0).max(DEFAULTS.waitSecondsMax).optional(),
  }),
  respond: z.strictObject({
    ...callerShape,
    request: requestedId,
    decision: z.enum(['approve', 'deny', 'narrow', 'coexist']),
    patterns: z.array(pattern).max(LIMITS.scopesMax).optional(),
    symbols: symbolsByFile,
    note: z.string().max(LIMITS.descriptionCharactersMax).optional(),
  }),
  inbox: z.strictObject({ ...callerShape, of_session: name.optional() }),
  requests: z.strictObject({
    ...callerShape,
    mine: z.boolean().optional(),
    ids: z.array(requestedId).max(LIMITS.idsMax).optional(),
    wait_s: z.int().min(0).max(DEFAULTS.waitSecondsMax).optional(),
  }),
  'task/list': z.strictObject({
    ...callerShape,
    plan: pattern.optional().describe('tasks of this plan only: its file or its name'),
    free: z.boolean().optional().describe('only those that can be claimed now'),
    limit: z.int().min(1).max(LIMITS.tasksListedMax).optional(),
  }),
  'task/claim': z.strictObject({
    ...callerShape,
    task: name,
    token: z.string().max(LIMITS.nameCharactersMax).optional().describe('of `task/list`'),
    again: z.boolean().optional().describe('although it was completed'),
    description: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    ttl_s: ttl.optional(),
    wait_s: z.int().min(0).max(DEFAULTS.waitSecondsMax).optional(),
    urgency: urgency.optional(),
    idempotency_key: name.optional(),
  }),
  'task/complete': z.strictObject({
    ...callerShape,
    task: name,
    note: z.string().max(LIMITS.descriptionCharactersMax).optional(),
  }),
  'task/expire': z.strictObject({
    ...callerShape,
    task: name.optional(),
    of_session: name.optional(),
    of_agent: name.optional(),
    reason: z.string().max(LIMITS.descriptionCharactersMax).optional(),
    yes: z.boolean().optional(),
  }),
  renew: z.strictObject({ ...callerShape, ids: ids.optional(), ttl_s: ttl.optional() }),
  narrow: z.strictObject({
    ...callerShape,
    id: claimId,
    patterns: z.array(pattern).max(LIMITS.scopesMax).optional(),
    symbols: symbolsByFile,
  }),
  release: z.strictObject({
    ...callerShape,
    ids: ids.optional(),
    mine: z.boolean().optional(),
    this_session: z.boolean().optional(),
    of_session: name.optional(),
    of_agent: name.optional(),
    force: z.boolean().optional(),
    reason: z.string().min(1).max(LIMITS.descriptionCharactersMax).optional(),
    yes: z.boolean().optional(),
  }),
  verify: z.strictObject({
    ...callerShape,
    ids: ids.optional(),
    fences: z.record(claimId, z.int().positive()).optional(),
  }),
  cover: z.strictObject({
    ...callerShape,
    paths: z.array(changedPath).min(1).max(LIMITS.pathsCoveredMax),
    edits: z
      .record(changedPath, z.array(edit).max(LIMITS.editsMax))
      .optional()
      .describe('by path, as blobs: says which declarations changed'),
    push: z
      .strictObject({
        remote: name.nullable().describe('host/owner/name; null: an address that names none'),
        refs: z.array(name).max(100),
      })
      .optional()
      .describe('what is pushed with them: where another holds one, that is an event'),
    ...POLICY_INPUTS.cover,
  }),
  fence: z.strictObject({ ...callerShape }),
  landed: z.strictObject({ ...callerShape, ids: ids.min(1) }),
  why: z.strictObject({ ...callerShape, pattern, limit: z.int().min(1).max(500).optional() }),
  events: z.strictObject({
    ...callerShape,
    since: mark.optional().describe('how long ago (4h), a time, or the id of the last event seen'),
    until: moment.optional().describe('how long ago, or a time'),
    kinds: z.array(name).max(100).optional().describe('such as claim.granted, or claim.*'),
    of_agent: name.optional(),
    about: name.optional().describe('an id or a name that the event tells of'),
    all_repos: z.boolean().optional(),
    limit: z.int().min(1).max(LIMITS.eventsListedMax).optional(),
  }),
  forecast: z.strictObject({
    ...callerShape,
    of: z.string().min(1).max(4_096).optional().describe('a branch, or the path of a worktree'),
    since_s: z
      .int()
      .min(1)
      .max(3_650 * 86_400)
      .optional(),
  }),
  guard: z.strictObject({
    ...callerShape,
    harness: z.enum(HARNESSES),
    event: z.enum(HOOK_EVENTS).optional().describe("the payload's own event when left out"),
    payload: z.record(z.string(), z.unknown()).describe("the hook's JSON as it came"),
    bypass: z
      .string()
      .min(1)
      .max(LIMITS.descriptionCharactersMax)
      .optional()
      .describe('why what is refused shall be done all the same: recorded, and told to the holder'),
    headless: z.boolean().optional().describe('nobody sits before this run'),
    contested: z
      .enum(['place', 'defer', 'refuse'])
      .optional()
      .describe(
        'what becomes of an edit of what another holds: refused, with a place in the queue (the default); its run is parked, where the harness can do that; refused, and nothing more',
      ),
    wait_s: z
      .int()
      .min(0)
      .max(DEFAULTS.waitSecondsMax)
      .optional()
      .describe(
        'how long this call waits for what is not free; whoever hangs up gives the place up',
      ),
  }),
  status: z.strictObject({ ...callerShape }),
  metrics: z.strictObject({ ...callerShape }),
  enrol: z.strictObject({ ...callerShape, as: name.optional() }),
  recover: z.strictObject({
    ...callerShape,
    accept_loss: z.boolean().optional(),
    dry_run: z.boolean().optional(),
    yes: z.boolean().optional(),
  }),
  config: z.strictObject({ ...callerShape }),
  invite: z.strictObject({
    ...callerShape,
    addresses: addresses.optional(),
    ttl_s: z.int().min(10).max(DEFAULTS.invitationSecondsMax).optional(),
    voter: z.boolean().optional(),
    learner: z.boolean().optional(),
    yes,
  }),
  'invite/revoke': z.strictObject({
    ...callerShape,
    ids: z.array(invitationId).min(1).max(LIMITS.idsMax),
    yes,
  }),
  invitations: z.strictObject({ ...callerShape }),
  join: z.strictObject({
    ...callerShape,
    token: z.string().min(1).max(4_096),
    addresses: addresses.optional(),
    yes,
  }),
  leave: z.strictObject({ ...callerShape, yes }),
  members: z.strictObject({ ...callerShape }),
  'member/promote': z.strictObject({ ...callerShape, machine: name, yes }),
  'member/demote': z.strictObject({ ...callerShape, machine: name, yes }),
  'member/remove': z.strictObject({ ...callerShape, machine: name, yes }),
  peers: z.strictObject({ ...callerShape }),
  leader: z.strictObject({ ...callerShape }),
  'audit/export': z.strictObject({
    ...callerShape,
    since: mark.optional().describe('how long ago (4h), a time, or the id of the last event seen'),
    limit: z.int().min(1).max(LIMITS.eventsListedMax).optional(),
  }),
  'tokens/create': z.strictObject({
    ...callerShape,
    name: name.regex(/^[\w.-]+$/, 'expected letters, digits, dots, dashes and underscores'),
    acts_as: name.optional(),
    repos: z.array(name).min(1).max(100).optional(),
    ttl_s: z
      .int()
      .min(60)
      .max(366 * 86_400)
      .optional(),
    yes,
  }),
  'tokens/list': z.strictObject({ ...callerShape }),
  'tokens/rotate': z.strictObject({
    ...callerShape,
    name,
    grace_s: z
      .int()
      .min(0)
      .max(30 * 86_400)
      .optional(),
    yes,
  }),
  'tokens/revoke': z.strictObject({ ...callerShape, name, yes }),
  web: z.strictObject({ ...callerShape, revoke: z.boolean().optional(), yes }),
  'webhooks/list': z.strictObject({ ...callerShape }),
  'webhooks/test': z.strictObject({ ...callerShape, name, yes }),
  'webhooks/retry': z.strictObject({ ...callerShape, name, yes }),
  'webhooks/purge': z.strictObject({ ...callerShape, name, yes }),
  'audit/verify': z.strictObject({ ...callerShape }),
  ...WIP_INPUTS,
  ...WORKERS_INPUTS,
  'owners/show': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/show'] }),
  'owners/set': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/set'] }),
  'owners/export': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/export'] }),
  'owners/requests': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/requests'] }),
  'owners/approve': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/approve'] }),
  'owners/deny': z.strictObject({ ...callerShape, ...POLICY_INPUTS['owners/deny'] }),
  hotspots: z.strictObject({ ...callerShape, ...POLICY_INPUTS.hotspots }),
  promote: z.strictObject({ ...callerShape, ...POLICY_INPUTS.promote }),
  demote: z.strictObject({ ...callerShape, ...POLICY_INPUTS.demote }),
  stale: z.strictObject({ ...callerShape, ...POLICY_INPUTS.stale }),
} as const satisfies Record<OperationName, z.ZodType>
