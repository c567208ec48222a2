// Results of operations as people read them, one face for each; and as little of them as --quiet wants.
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import { checkFace, claimFace } from './claim.ts'
import { claimsFace, narrowFace, releaseFace, renewFace, verifyFace, whyFace } from './claims.ts'
import { coverFace, fenceFace, landedFace } from './fence.ts'
import { eventsFace, exportFace } from './events.ts'
import { againFace, answerFace, assignFace, stopFace, workersFace } from './fleet.ts'
import { askFace, reportFace, verdictFace } from './worker.ts'
import { mergeFace, prFace, reviewFace, testFace, trustFace } from './landing.ts'
import { forecastFace } from './forecast.ts'
import {
  approvalFace,
  approvalsFace,
  demoteFace,
  hotspotsFace,
  ownersFace,
  promoteFace,
  staleFace,
} from './owners.ts'
import {
  invitationsFace,
  inviteFace,
  joinFace,
  leaderFace,
  leaveFace,
  memberFace,
  memberRemoveFace,
  membersFace,
  peersFace,
  revokeFace,
} from './mesh.ts'
import type { Page } from './page.ts'
import {
  cancelFace,
  inboxFace,
  queueFace,
  waitFace,
  requestFace,
  requestsFace,
  respondFace,
} from './queue.ts'
import { auditFace, configFace, enrolFace, recoverFace, statusFace } from './status.ts'
import { approveFace, notifyFace, planFace, splitFace } from './planning.ts'
import { doneFace, resumeFace } from './working-day.ts'
import { refactorFace } from './refactor.ts'
import { taskClaimFace, taskCompleteFace, taskExpireFace, taskListFace } from './tasks.ts'
import { cleanAll } from './text.ts'
import { tokenCreateFace, tokenRevokeFace, tokenRotateFace, tokensFace } from './tokens.ts'
import { wipDropFace, wipFace, wipListFace, wipRestoreFace } from './wip.ts'
import { webhookPurgeFace, webhookRetryFace, webhooksFace, webhookTestFace } from './webhooks.ts'
import { webFace } from './web.ts'

type Faces = {
  readonly [Name in OperationName]: (result: OperationResult<Name>, page: Page) => readonly string[]
}

const FACES: Faces = {
  claim: claimFace,
  check: checkFace,
  refactor: refactorFace,
  queue: queueFace,
  cancel: cancelFace,
  wait: waitFace,
  request: requestFace,
  respond: respondFace,
  inbox: inboxFace,
  requests: requestsFace,
  'task/list': taskListFace,
  'task/claim': taskClaimFace,
  'task/complete': taskCompleteFace,
  'task/expire': taskExpireFace,
  assign: assignFace,
  workers: workersFace,
  log: ({ text }) => [text],
  stop: stopFace,
  plan: planFace,
  approve: approveFace,
  split: splitFace,
  notify: notifyFace,
  done: doneFace,
  resume: resumeFace,
  test: testFace,
  review: reviewFace,
  pr: prFace,
  merge: mergeFace,
  trust: trustFace,
  'resume-stuck': answerFace,
  retry: againFace,
  fix: againFace,
  claims: claimsFace,
  renew: renewFace,
  narrow: narrowFace,
  release: releaseFace,
  verify: verifyFace,
  cover: coverFace,
  fence: fenceFace,
  landed: landedFace,
  why: whyFace,
  forecast: forecastFace,
  events: eventsFace,
  'audit/export': exportFace,
  guard: ({ reason, notes }) => [reason, ...notes],
  status: statusFace,
  metrics: ({ text }) => text.trimEnd().split('\n'),
  enrol: enrolFace,
  recover: recoverFace,
  config: configFace,
  'audit/verify': auditFace,
  'owners/show': ownersFace,
  'owners/set': ownersFace,
  'owners/export': ({ text }) => text.trimEnd().split('\n'),
  'owners/requests': approvalsFace,
  'owners/approve': approvalFace,
  'owners/deny': approvalFace,
  hotspots: hotspotsFace,
  promote: promoteFace,
  demote: demoteFace,
  stale: staleFace,
  'tokens/create': tokenCreateFace,
  'tokens/list': tokensFace,
  'tokens/rotate': tokenRotateFace,
  'tokens/revoke': tokenRevokeFace,
  web: webFace,
  'webhooks/list': webhooksFace,
  'webhooks/test': webhookTestFace,
  'webhooks/retry': webhookRetryFace,
  'webhooks/purge': webhookPurgeFace,
  'report-status': reportFace,
  ask: askFace,
  'submit-verdict': verdictFace,
  'wip/list': wipListFace,
  'wip/show': wipFace,
  'wip/restore': wipRestoreFace,
  'wip/drop': wipDropFace,
  invite: inviteFace,
  'invite/revoke': revokeFace,
  invitations: invitationsFace,
  join: joinFace,
  leave: leaveFace,
  members: membersFace,
  'member/promote': memberFace,
  'member/demote': memberFace,
  'member/remove': memberRemoveFace,
  peers: peersFace,
  leader: leaderFace,
}

/** The answer for a person. Texts by others cannot disturb it: they are cleaned before any face sees them. */
export function renderResult(name: OperationName, result: unknown, page: Page): string {
  // The daemon makes its results by the schemas that the faces' types are read from.
  const face = FACES[name] as (result: unknown, page: Page) => readonly string[]
  // Lines of numbers for a program, by no caller's word.
  return face(name === 'metrics' || name === 'owners/export' ? result : cleanAll(result), page)
    .map((line) => `${line}\n`)
    .join('')
}

/** The ids that an answer is about, one a line; nothing where there are none. */
export function renderQuiet(result: unknown): string {
  if (typeof result !== 'object' || result === null) return ''
  const field = QUIET_FIELDS.find((name) => name in result)
  const told: unknown = field === undefined ? [] : Reflect.get(result, field)
  return [told]
    .flat()
    .flatMap((each: unknown) => idOf(each) ?? [])
    .map((id) => `${id}\n`)
    .join('')
}

/** Where results keep what they are about; a release has ended some of its claims before. */
const QUIET_FIELDS = [
  'released',
  'claims',
  'entries',
  'events',
  'cancelled',
  'requests',
  'request',
  'tasks',
  'completed',
  'expired',
  'token',
  'kept',
  'workers',
  'worker',
  'dropped',
] as const

function idOf(thing: unknown): string | undefined {
  if (typeof thing === 'string') return thing
  if (typeof thing !== 'object' || thing === null) return undefined
  if ('id' in thing) return String(thing.id)
  return 'task' in thing ? String(thing.task) : undefined
}
