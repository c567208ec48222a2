// Tools to ask a holder to give way, to answer those who ask, and to give up a place in the queue.
import { z } from 'zod'
import { OUTPUTS, SkeinError } from '../../protocol/index.ts'
import {
  renderCancel,
  renderInbox,
  renderPlaces,
  renderRequest,
  renderRequests,
  renderResponse,
} from '../render-waits.ts'
import { defineTool, eitherTool, type Tool } from '../tool.ts'
import {
  ENGINEER,
  GIVE_UP,
  identity,
  name,
  pattern,
  place,
  READ,
  symbols,
  text,
  urgency,
  waitSeconds,
  WRITE,
} from './arguments.ts'

/** Coord's default; the daemon answers before harnesses cut the call. */
const WAIT_SECONDS = 60

/** Coord's words and the command line's. */
const DECISIONS = {
  approved: 'approve',
  denied: 'deny',
  narrowed: 'narrow',
  coexist: 'coexist',
  approve: 'approve',
  deny: 'deny',
  narrow: 'narrow',
} as const
const decision = z
  .enum(['approved', 'denied', 'narrowed', 'coexist', 'approve', 'deny', 'narrow'])
  // All are taken, four are advertised.
  .meta({ enum: ['approved', 'denied', 'narrowed', 'coexist'] })

const ENDS = [
  'pending',
  'approved',
  'denied',
  'narrowed',
  'coexist',
  'expired',
  'resolved',
] as const

const mine = z.strictObject({
  decision: z
    .enum([...ENDS, 'all'])
    .optional()
    .describe('default pending'),
  queued: z.boolean().optional().describe('your places in the queue instead'),
  ...place,
})

const aboutMine = {
  name: 'my_requests',
  description: 'List requests that you filed.',
  annotations: READ,
  args: mine,
  toInput: ({ repo, session }: z.infer<typeof mine>) => ({ repo, session, mine: true }),
}

const myRequests = defineTool({
  ...aboutMine,
  operation: 'requests',
  result: OUTPUTS.requests,
  select: ({ requests, ...rest }, { decision: wanted = 'pending' }) => ({
    ...rest,
    requests: requests.filter(({ decision: end }) => wanted === 'all' || end === wanted),
  }),
  render: ({ requests }) => renderRequests(requests),
})

const myPlaces = defineTool({
  ...aboutMine,
  operation: 'queue',
  result: OUTPUTS.queue,
  render: ({ entries }) => renderPlaces(entries),
})

export const WAIT_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'request_release',
    operation: 'request',
    description:
      'Ask the holder of a claim to give way. Unless denied, its claim ends in 5 minutes at the latest; you must still call claim_files.',
    annotations: WRITE,
    args: z.strictObject({
      claim_id: name,
      reason: text.min(1).describe('shown to the holder'),
      urgency: urgency.optional(),
      wait_seconds: waitSeconds.optional().describe('for the answer, default 60'),
      requested_scope: pattern.optional().describe('what you need, when that is less'),
      ...identity,
    }),
    aliases: { ...ENGINEER, claim: 'claim_id', scope: 'requested_scope' },
    result: OUTPUTS.request,
    toInput: ({ claim_id, wait_seconds, requested_scope, ...rest }) => ({
      ...rest,
      claim: claim_id,
      wait_s: wait_seconds ?? WAIT_SECONDS,
      scope: requested_scope,
    }),
    render: ({ request }) => renderRequest(request),
  }),
  defineTool({
    name: 'wait_for_request',
    operation: 'requests',
    description: 'Wait for the answer to a request of yours.',
    annotations: READ,
    args: z.strictObject({
      request_id: name,
      timeout: waitSeconds.optional().describe('seconds, default 60'),
      ...place,
    }),
    aliases: { id: 'request_id' },
    result: OUTPUTS.requests,
    toInput: ({ request_id, timeout, ...rest }) => ({
      ...rest,
      ids: [request_id],
      wait_s: timeout ?? WAIT_SECONDS,
    }),
    render: ({ requests: [request] }) =>
      request === undefined ? 'No such request.' : renderRequest(request),
  }),
  defineTool({
    name: 'pending_requests',
    operation: 'inbox',
    description:
      'What others ask of you, and where you wait. Call it between steps of long work, and answer.',
    annotations: READ,
    args: z.strictObject({ ...place }),
    aliases: { session_id: 'session' },
    result: OUTPUTS.inbox,
    toInput: (args) => args,
    render: renderInbox,
  }),
  defineTool({
    name: 'respond_to_request',
    operation: 'respond',
    description:
      'Answer a request against a claim of yours: approved releases it, denied keeps it, narrowed keeps less of it, coexist lets the other in beside you.',
    annotations: GIVE_UP,
    args: z.strictObject({
      request_id: name,
      decision,
      note: text.optional(),
      narrowed_pattern: pattern.optional().describe('what you keep'),
      narrowed_symbols: symbols.optional().describe('the same: {file: [symbol]}'),
      coexist_pattern: pattern.optional().describe('what the other gets'),
      coexist_symbols: symbols.optional().describe('the same: {file: [symbol]}'),
      ...identity,
    }),
    aliases: { ...ENGINEER, id: 'request_id' },
    result: OUTPUTS.respond,
    toInput: ({
      request_id,
      decision: word,
      narrowed_pattern,
      narrowed_symbols,
      coexist_pattern,
      coexist_symbols,
      ...rest
    }) => ({
      ...rest,
      request: request_id,
      decision: DECISIONS[word],
      ...companions(
        DECISIONS[word],
        { pattern: narrowed_pattern, symbols: narrowed_symbols },
        { pattern: coexist_pattern, symbols: coexist_symbols },
      ),
    }),
    render: renderResponse,
  }),
  eitherTool(myRequests, myPlaces, isAboutQueue),
  defineTool({
    name: 'cancel_queue_request',
    operation: 'cancel',
    description: 'Give up your place in the queue.',
    annotations: GIVE_UP,
    args: z.strictObject({ queue_id: name, ...identity }),
    aliases: { ...ENGINEER, id: 'queue_id' },
    result: OUTPUTS.cancel,
    toInput: ({ queue_id, ...rest }) => ({ ...rest, ids: [queue_id] }),
    render: renderCancel,
  }),
]

interface Companion {
  readonly pattern: string | undefined
  readonly symbols: Readonly<Record<string, readonly string[]>> | undefined
}

/** What a decision needs beside it. A field of another decision is a mistake that would give away the wrong thing. */
function companions(
  decided: 'approve' | 'deny' | 'narrow' | 'coexist',
  kept: Companion,
  given: Companion,
): object {
  if ((decided === 'narrow') !== isSaid(kept))
    throw wrong(
      '`narrowed_pattern` or `narrowed_symbols` goes with decision "narrowed", which needs one.',
    )
  if ((decided === 'coexist') !== isSaid(given))
    throw wrong(
      '`coexist_pattern` or `coexist_symbols` go with decision "coexist", which needs one.',
    )
  const { pattern, symbols: named } = decided === 'narrow' ? kept : given
  return { ...(pattern === undefined ? {} : { patterns: [pattern] }), symbols: named }
}

function isSaid({ pattern, symbols: named }: Companion): boolean {
  return pattern !== undefined || named !== undefined
}

function wrong(message: string): SkeinError {
  return new SkeinError('INPUT_SCHEMA', `respond_to_request: ${message}`)
}

function isAboutQueue(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'queued' in given && given.queued === true
}
