// The operation table: the source of the command line's verbs, the MCP tools, the HTTP routes and the reference pages, so
// that no surface can do what another cannot. Plain data without schemas (those stand in schemas.ts), so that the command
// line starts without a schema library.
import type { Exit } from '../error-row.ts'
import { CLAIM_OPERATIONS } from './claims.ts'
import { FENCE_OPERATIONS } from './fence.ts'
import { FLEET_OPERATIONS } from './fleet.ts'
import { GUARD_OPERATIONS } from './guard.ts'
import { INSIGHT_OPERATIONS } from './insight.ts'
import { LANDING_OPERATIONS } from './landing.ts'
import { MESH_OPERATIONS } from './mesh.ts'
import { PLANNING_OPERATIONS } from './planning.ts'
import { POLICY_OPERATIONS } from './policy.ts'
import { REFACTOR_OPERATIONS } from './refactor.ts'
import { REQUEST_OPERATIONS } from './requests.ts'
import type { OperationSpec } from './spec.ts'
import { TASK_OPERATIONS } from './tasks.ts'
import { TOKEN_OPERATIONS } from './tokens.ts'
import { WEB_OPERATIONS } from './web.ts'
import { WEBHOOK_OPERATIONS } from './webhooks.ts'
import { WIP_OPERATIONS } from './wip.ts'
import { WORKER_OPERATIONS } from './worker.ts'

export type OperationName =
  | keyof typeof CLAIM_OPERATIONS
  | keyof typeof REFACTOR_OPERATIONS
  | keyof typeof REQUEST_OPERATIONS
  | keyof typeof TASK_OPERATIONS
  | keyof typeof FLEET_OPERATIONS
  | keyof typeof WORKER_OPERATIONS
  | keyof typeof PLANNING_OPERATIONS
  | keyof typeof LANDING_OPERATIONS
  | keyof typeof WIP_OPERATIONS
  | keyof typeof GUARD_OPERATIONS
  | keyof typeof FENCE_OPERATIONS
  | keyof typeof INSIGHT_OPERATIONS
  | keyof typeof POLICY_OPERATIONS
  | keyof typeof MESH_OPERATIONS
  | keyof typeof TOKEN_OPERATIONS
  | keyof typeof WEB_OPERATIONS
  | keyof typeof WEBHOOK_OPERATIONS

export const OPERATIONS: Readonly<Record<OperationName, OperationSpec>> = {
  ...CLAIM_OPERATIONS,
  ...REFACTOR_OPERATIONS,
  ...REQUEST_OPERATIONS,
  ...TASK_OPERATIONS,
  ...FLEET_OPERATIONS,
  ...WORKER_OPERATIONS,
  ...PLANNING_OPERATIONS,
  ...LANDING_OPERATIONS,
  ...WIP_OPERATIONS,
  ...GUARD_OPERATIONS,
  ...FENCE_OPERATIONS,
  ...INSIGHT_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...MESH_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...WEB_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
}

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[]

/** The exit code that a result stands for; errors carry their own. */
export function exitOfResult(operation: OperationName, result: unknown): Exit {
  if (typeof result !== 'object' || result === null) return 0
  if (operation === 'refactor' && 'status' in result && result.status === 'planned')
    return 'conflicts' in result && isEmpty(result.conflicts) ? 0 : 1
  if (operation === 'claim' || operation === 'task/claim' || operation === 'refactor') {
    const status = 'status' in result ? result.status : 'granted'
    if (status === 'refused') return 'queue' in result && result.queue !== null ? 8 : 1
    return status === 'queued' ? 8 : 0
  }
  if (operation === 'wait') {
    const status = 'status' in result ? result.status : 'waiting'
    if (status === 'ended') return 1
    return status === 'granted' || status === 'succeeded' ? 0 : 8
  }
  if (operation === 'ask') return 'answered' in result && result.answered === true ? 0 : 8
  if (operation === 'approve' || operation === 'notify')
    return 'failed' in result && isEmpty(result.failed) ? 0 : 1
  if (operation === 'done') return 'ended' in result && result.ended === true ? 0 : 1
  if (operation === 'check' || operation === 'cover')
    return 'safe' in result && result.safe === true ? 0 : 1
  if (operation === 'request' || operation === 'requests')
    return 'waited_out' in result && result.waited_out === true ? 8 : 0
  if (operation === 'verify' || operation === 'audit/verify')
    return 'ok' in result && result.ok === true ? 0 : 4
  if (operation === 'wip/restore')
    return 'conflicts' in result && Array.isArray(result.conflicts) && result.conflicts.length > 0
      ? 1
      : 0
  if (operation === 'webhooks/test') return 'ok' in result && result.ok === true ? 0 : 1
  if (operation === 'merge')
    return 'entries' in result && Array.isArray(result.entries) && result.entries.some(isKept)
      ? 1
      : 0
  // A person who says that it failed has done what there was to do.
  if (operation === 'test') return 'failed' in result && result.failed === true ? 1 : 0
  if (operation === 'status') return 'ready' in result && result.ready === true ? 0 : 2
  return 0
}

function isKept(entry: { readonly state?: unknown }): boolean {
  return entry.state === 'blocked' || entry.state === 'waiting'
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0
}
