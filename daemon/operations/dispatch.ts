// Every door ends here: the input is validated against the operation's schema, the handler does the rest.
import { z } from 'zod'
import {
  INPUTS,
  nearest,
  OPERATIONS,
  SkeinError,
  type OperationInput,
  type OperationName,
} from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import { check } from './check.ts'
import { claim } from './claim.ts'
import { claims, narrow, release, renew, verify } from './claims.ts'
import type { Handler, Parts } from './context.ts'
import { cover } from './cover.ts'
import { auditExport, events } from './events.ts'
import { fence, landed } from './fence.ts'
import { follow } from './follow.ts'
import { forecast } from './forecast.ts'
import { auditVerify, config, metrics, status, why } from './insight.ts'
import {
  invitations,
  invite,
  inviteRevoke,
  join,
  leader,
  leave,
  memberDemote,
  memberPromote,
  memberRemove,
  members,
  peers,
} from './mesh.ts'
import { assign, log, stop, workers } from './fleet.ts'
import { merge, pr, test, trust } from './landing.ts'
import { review } from './landing-review.ts'
import { fix, resumeStuck, retry } from './fleet-again.ts'
import { guard } from './guard.ts'
import { notify } from './notify.ts'
import { plan } from './planning.ts'
import { approve } from './planning-approve.ts'
import { refactor } from './refactor.ts'
import { demote, hotspots, promote } from './hotspots.ts'
import {
  ownersApprove,
  ownersDeny,
  ownersExport,
  ownersRequests,
  ownersSet,
  ownersShow,
} from './owners.ts'
import { cancel, queue } from './queue.ts'
import { inbox, request, requests, respond } from './requests.ts'
import { split } from './split.ts'
import { stale } from './stale.ts'
import { enrol, recover } from './setup.ts'
import { taskClaim, taskComplete, taskExpire, taskList } from './tasks.ts'
import { tokensCreate, tokensList, tokensRevoke, tokensRotate } from './tokens.ts'
import { wait } from './wait.ts'
import { web } from './web.ts'
import { done, resume } from './working-day.ts'
import { wipDrop, wipList, wipRestore, wipShow } from './wip.ts'
import { ask, reportStatus, submitVerdict } from './worker.ts'
import { webhooksList, webhooksPurge, webhooksRetry, webhooksTest } from './webhooks.ts'

const HANDLERS: { readonly [Name in OperationName]: Handler<OperationInput<Name>> } = {
  claim,
  check,
  refactor,
  queue,
  cancel,
  wait,
  request,
  respond,
  inbox,
  requests,
  'task/list': taskList,
  'task/claim': taskClaim,
  'task/complete': taskComplete,
  'task/expire': taskExpire,
  claims,
  renew,
  narrow,
  release,
  verify,
  cover,
  fence,
  landed,
  why,
  forecast,
  events,
  guard,
  status,
  metrics,
  enrol,
  recover,
  config,
  invite,
  'invite/revoke': inviteRevoke,
  invitations,
  join,
  leave,
  members,
  'member/promote': memberPromote,
  'member/demote': memberDemote,
  'member/remove': memberRemove,
  peers,
  leader,
  'tokens/create': tokensCreate,
  'tokens/list': tokensList,
  'tokens/rotate': tokensRotate,
  'tokens/revoke': tokensRevoke,
  web,
  'webhooks/list': webhooksList,
  'webhooks/test': webhooksTest,
  'webhooks/retry': webhooksRetry,
  'webhooks/purge': webhooksPurge,
  assign,
  workers,
  log,
  stop,
  'report-status': reportStatus,
  ask,
  'submit-verdict': submitVerdict,
  plan,
  approve,
  split,
  notify,
  done,
  resume,
  test,
  review,
  pr,
  merge,
  trust,
  'resume-stuck': resumeStuck,
  retry,
  fix,
  'wip/list': wipList,
  'wip/show': wipShow,
  'wip/restore': wipRestore,
  'wip/drop': wipDrop,
  'owners/show': ownersShow,
  'owners/set': ownersSet,
  'owners/export': ownersExport,
  'owners/requests': ownersRequests,
  'owners/approve': ownersApprove,
  'owners/deny': ownersDeny,
  hotspots,
  promote,
  demote,
  stale,
  'audit/verify': auditVerify,
  'audit/export': auditExport,
}

export function createOperations(parts: Parts, watch: Operations['watch']): Operations {
  return {
    watch,
    follow: (input, context) =>
      follow(parts, watch, readInput('events', input) as OperationInput<'events'>, context),
    async call(name, input, context) {
      if (!isOperation(name)) throw unknownOperation(name)
      const handler = HANDLERS[name] as Handler<unknown>
      return handler(parts, readInput(name, input) as never, context)
    },
  }
}

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}

export function unknownOperation(name: string): SkeinError {
  const near = nearest(name, Object.keys(OPERATIONS))
  return new SkeinError('NOT_FOUND', `there is no operation '${name}'`, {
    hint: near === null ? 'skein help' : `Did you mean '${near}'?`,
  })
}

/** An input may hold a megabyte of wrong fields; who sent it needs the first few. */
const PROBLEMS_TOLD = 5
const KEY_SHOWN = 64

function readInput(name: OperationName, input: unknown): unknown {
  const parsed = INPUTS[name].safeParse(input)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, PROBLEMS_TOLD).map((issue) => explain(name, issue))
  const isSize = parsed.error.issues.every((issue) => issue.code === 'too_big')
  throw new SkeinError(isSize ? 'INPUT_SIZE' : 'INPUT_SCHEMA', `${name}: ${problems.join('; ')}`, {
    hint: `skein help ${name.replace('/', ' ')}`,
    data: { problems },
  })
}

/** A misspelt field is told with the one that was probably meant. */
function explain(name: OperationName, issue: z.core.$ZodIssue): string {
  const where = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  if (issue.code !== 'unrecognized_keys') return where + issue.message
  const fields = Object.keys(INPUTS[name].shape)
  return issue.keys
    .slice(0, PROBLEMS_TOLD)
    .map((key) => {
      // The fields of nested objects are not these.
      const near = issue.path.length === 0 ? nearest(key, fields) : null
      const shown = key.slice(0, KEY_SHOWN)
      return `${where}unknown field '${shown}'${near === null ? '' : ` (did you mean '${near}'?)`}`
    })
    .join('; ')
}
