// Outputs of the operations, as every door shows them.
import { z } from 'zod'
import { claim, part } from './output-claim.ts'
import { asOf, option } from './output-parts.ts'
import { FENCE_OUTPUTS } from './outputs-fence.ts'
import { FORECAST_OUTPUTS } from './outputs-forecast.ts'
import { HOME_OUTPUTS } from './outputs-home.ts'
import { GUARD_OUTPUTS, notices } from './outputs-guard.ts'
import { MESH_OUTPUTS } from './outputs-mesh.ts'
import { POLICY_OUTPUTS } from './outputs-policy.ts'
import { refactorFields } from './outputs-refactor.ts'
import { worker, workerCounts } from './outputs-fleet.ts'
import { WORKERS_OUTPUTS } from './outputs-workers.ts'
import { WIP_OUTPUTS } from './outputs-wip.ts'
import type { OperationName } from './table.ts'

const beside = z
  .array(part.extend({ narrowed: z.boolean().describe('yours is a part of it now') }))
  .describe("others' claims on the same files that stay: leave them alone")

const scopeShown = z.object({
  kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
  pattern: z.string(),
  symbols: z.array(z.string()),
  mode: z.enum(['exclusive', 'shared']),
})

const conflict = z.object({
  your_pattern: z.string(),
  your_symbols: z.array(z.string()),
  claim,
  overlap: z.array(z.string()).describe('paths known to be in both'),
  symbol_overlap: z.array(z.object({ file: z.string(), symbols: z.array(z.string()) })),
  lock_delay_s: z.number().nullable().describe('seconds until an expired claim stops blocking'),
})

const waiter = z.object({
  id: z.string(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  patterns: z.array(z.string()),
  scopes: z.array(scopeShown),
  urgency: z.string(),
  description: z.string(),
  joined_at: z.string(),
  expires_at: z.string(),
})
const place = waiter.extend({
  position: z.int().describe('1: next'),
  ahead: z.array(waiter),
  ended: z.string().nullable().describe('why the wait is over without a grant'),
})
const placeBlocked = place.extend({
  blocked_by: z.array(part).describe('claims of others that are in its way now'),
})
const waitedOut = z.boolean().describe('the wait that was asked for ended without an answer')
const requestShown = z.object({
  id: z.string(),
  claim: z.string(),
  pattern: z.string().nullable().describe('of the claim, when it was asked for'),
  holder: z.string(),
  holder_session: z.string(),
  requester: z.string(),
  requester_session: z.string(),
  reason: z.string(),
  urgency: z.string(),
  scope: z.string().nullable(),
  filed_at: z.string(),
  answer_by: z.string(),
  decision: z.enum(['pending', 'approved', 'denied', 'narrowed', 'coexist', 'expired', 'resolved']),
  note: z.string(),
  ended_at: z.string().nullable(),
  granted: z.array(z.string()).describe('claims that the requester got'),
})
const ended = z.object({ claim, reason: z.string(), by: z.string(), at: z.string() })

export const auditEventShape = z.object({
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

const claimed = z.object({
  status: z.enum(['granted', 'queued', 'refused', 'provisional']),
  claims: z.array(claim),
  conflicts: z.array(conflict),
  more_conflicts: z.int(),
  queue: place.nullable(),
  waiters: z.array(waiter).describe('who waits before you for the same'),
  beside,
  warnings: z.array(z.string()),
  options: z.array(option),
})

const taskFields = {
  id: z.string(),
  name: z.string(),
  plan: z.string().nullable().describe('file of its plan; null where no plan has it'),
  status: z.enum(['pending', 'in_progress', 'complete']).describe('by its plan'),
  priority: z.string().nullable(),
  blocked_by: z.array(z.string()),
}
const taskShown = z.object({
  ...taskFields,
  state: z.enum(['free', 'claimed', 'blocked', 'completed']),
  waits_for: z.array(z.string()).describe('what is not complete before it'),
  claim: claim.nullable(),
})
const taskOver = z.object({
  task: z.string(),
  plan: z.string().nullable(),
  agent: z.string(),
  session: z.string(),
  machine: z.string(),
  branch: z.string().nullable(),
  reason: z.enum(['client_completed', 'branch_removed', 'timed_out']),
  by: z.string(),
  note: z.string(),
  at: z.string(),
})

export const OUTPUTS = {
  claim: claimed,
  refactor: claimed.extend(refactorFields),
  check: z.object({
    safe: z.boolean(),
    conflicts: z.array(conflict),
    more_conflicts: z.int(),
    waiters: z.array(waiter),
    would: z.enum(['grant', 'coexist', 'narrow', 'wait']),
    beside,
    warnings: z.array(z.string()),
    as_of: asOf,
  }),
  request: z.object({ request: requestShown, waited_out: waitedOut }),
  respond: z.object({ request: requestShown, late: z.boolean() }),
  inbox: z.object({
    requests: z.array(requestShown).describe('waiting for your answer'),
    narrowed: z
      .array(z.object({ claim: z.string(), pattern: z.string(), by: z.array(claim) }))
      .describe('claims of yours beside which others got symbols'),
    waiting: z.array(place),
    notices,
  }),
  requests: z.object({ requests: z.array(requestShown), waited_out: waitedOut }),
  queue: z.object({ entries: z.array(placeBlocked), as_of: asOf }),
  cancel: z.object({ cancelled: z.array(z.string()) }),
  wait: z.object({
    status: z
      .enum(['granted', 'waiting', 'lost', 'succeeded', 'ended', 'asks'])
      .describe(
        'a worker: `succeeded`, `ended` otherwise, `asks` a person, or is `waiting` to end',
      ),
    id: z.string(),
    place: place.nullable().describe('while it waits'),
    worker: worker.nullable(),
    claims: z.array(claim).describe('what was granted and still lives'),
    reason: z.string().nullable().describe('why the place is gone'),
    session: z.string().describe('who waits, or waited'),
  }),
  claims: z.object({ claims: z.array(claim), more: z.int(), recent: z.array(ended), as_of: asOf }),
  'task/list': z.object({
    plans: z.array(
      z.object({
        file: z.string(),
        name: z.string(),
        last_updated: z.string().nullable(),
        tasks: z.int(),
        active: z.boolean().describe('named by current-task.json'),
      }),
    ),
    tasks: z.array(taskShown),
    more: z.int(),
    active: z.array(claim).describe('every task that somebody works on'),
    recent: z.array(taskOver).describe('over within the last 24 hours, newest first'),
    problems: z.array(z.object({ file: z.string(), problem: z.string() })),
    token: z.string().nullable().describe('proves which history the list is of'),
    as_of: asOf,
  }),
  'task/claim': claimed.extend({
    task: z.object({ ...taskFields, token: z.string().nullable() }).nullable(),
  }),
  'task/complete': z.object({
    completed: taskOver,
    already: z.boolean(),
    warnings: z.array(z.string()),
  }),
  'task/expire': z.object({ expired: z.array(taskOver) }),
  renew: z.object({ claims: z.array(claim) }),
  narrow: z.object({ claims: z.array(claim) }),
  release: z.object({
    state: z
      .enum(['released', 'releasing'])
      .describe('releasing: given up, and done once a majority can be reached'),
    released: z.array(claim),
    already: z.array(z.string()),
  }),
  verify: z.object({
    ok: z.boolean(),
    claims: z.array(
      z.object({
        id: z.string(),
        fence: z.int().nullable(),
        live: z.boolean(),
        except: z.array(part).describe('symbols that are not covered now'),
      }),
    ),
    leader: z.string().nullable(),
    term: z.int(),
    commit_index: z.int(),
    as_of: z.string(),
  }),
  ...FENCE_OUTPUTS,
  why: z.object({
    holders: z.array(claim),
    events: z.array(auditEventShape),
    more: z.boolean(),
    summary: z.array(z.string()).describe('the events in words, newest first'),
  }),
  events: z.object({
    events: z.array(auditEventShape).describe('oldest first'),
    summary: z.array(z.string()).describe('the events in words'),
    more: z.boolean().describe('there are more: newer ones after `since`, else older ones'),
    next: z.string().nullable().describe('the `since` of what follows'),
  }),
  ...FORECAST_OUTPUTS,
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
        narrowed: z.int().describe('claims beside which others hold symbols'),
        queued: z.int(),
        quorum: z.boolean(),
        problem: z.string().nullable(),
        checkouts: z.array(z.string()),
        workers: workerCounts,
      }),
    ),
  }),
  metrics: z.object({ text: z.string() }),
  recover: z.object({
    what: z
      .enum(['mesh', 'repo', 'log'])
      .describe('lost: the majority of the mesh, that of the repository, or its log here'),
    done: z.boolean().describe('false: shown only'),
    mesh: z.string().describe('the mesh that this machine is, or was, in'),
    repo: z.string().nullable(),
    generation: z.int().nullable(),
    kept_at: z.string().nullable().describe('where the old log is'),
    missing: z.array(z.object({ machine: z.string(), since: z.string() })),
    carried: z.array(z.object({ repo: z.string(), claims: z.int() })),
    unread: z
      .array(z.string())
      .optional()
      .describe('remotes that could not be asked which generation they were told of'),
  }),
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
  ...GUARD_OUTPUTS,
  ...MESH_OUTPUTS,
  ...HOME_OUTPUTS,
  ...WIP_OUTPUTS,
  ...WORKERS_OUTPUTS,
  ...POLICY_OUTPUTS,
  'audit/export': z.object({
    lines: z.array(z.string()).describe('lines of the log as they are'),
    next: z.string().nullable().describe('the `since` of the next page; null: there is none'),
  }),
  'audit/verify': z.object({
    ok: z.boolean(),
    events: z.int(),
    last: z.string().nullable(),
    problem: z.string().nullable(),
  }),
} as const satisfies Record<OperationName, z.ZodType>
