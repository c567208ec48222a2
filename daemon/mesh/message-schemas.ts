// What machines may say to each other about a ledger, as schemas: whatever a peer sends passes here before it is believed.
// Unknown fields pass, so that a newer machine can say more; unknown kinds are refused by name.
import { z } from 'zod'
import { LIMITS, parsePattern, parseSymbol, SkeinError, URGENCIES } from '../../protocol/index.ts'

const integer = z.int().min(-1).max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(LIMITS.nameCharactersMax)
const text = z.string().max(4 * LIMITS.descriptionCharactersMax)
const id = z.string().min(1).max(64)
const peer = z.string().min(1).max(128)
const bytes = z.instanceof(Uint8Array)
const position = z.looseObject({ term: integer, index: integer })
const recordId = z.looseObject({ term: integer, index: integer, hash: z.string().max(64) })
const ids = z.array(id).max(LIMITS.liveClaimsMax)
const seconds = z.number().min(0).max(1e9)

const pattern = z.string().min(1).max(LIMITS.patternCharactersMax).refine(isPattern, 'no pattern')
const symbol = z.string().min(1).max(1_024).refine(isSymbol, 'no symbol')
const symbols = z.array(z.string().min(1).max(1_024)).max(LIMITS.scopesMax)
const scope = z
  .looseObject({
    kind: z.enum(['file', 'module', 'symbol', 'task', 'resource']),
    pattern: z.string().min(1).max(LIMITS.patternCharactersMax),
    symbols,
    mode: z.enum(['exclusive', 'shared']),
  })
  .refine(
    (found) => found.kind === 'task' || found.kind === 'resource' || isPattern(found.pattern),
    'no pattern',
  )
const scopes = z.array(scope).min(1).max(LIMITS.scopesMax)
const party = z.looseObject({
  agent: name,
  agentGiven: z.boolean(),
  session: name,
  peer,
  machine: name,
  branch: z.string().max(LIMITS.nameCharactersMax).nullable(),
})
const stamp = z.looseObject({ wallMs: z.number(), boot: z.string().max(128), uptimeMs: z.number() })
const key = z.looseObject({ key: name, digest: z.string().max(128) }).nullable()
const taskFacts = z.looseObject({
  plan: z.string().max(4_096).nullable(),
  token: z.string().max(128).nullable(),
})
const task = taskFacts.extend({
  ttlSeconds: seconds,
  needs: z.array(z.string().max(LIMITS.patternCharactersMax)).max(LIMITS.tasksListedMax),
})
const terms = z.looseObject({
  description: text,
  narrowable: z.boolean(),
  ttlSeconds: seconds.nullable(),
  ttlDefaultSeconds: seconds,
  ttlSharedSeconds: seconds,
  claimsPerAgent: integer,
  task: task.optional(),
})
const urgency = z.enum(URGENCIES)
const part = z.looseObject({ pattern, symbols: symbols.nullable() })
const reason = z.string().min(1).max(32)
const role = z.enum(['voter', 'learner'])
const addresses = z.array(z.string().max(256)).max(16)
const repo = z.string().min(1).max(LIMITS.nameCharactersMax)
const hash = z.string().max(64)

/** Peer, incarnation and sequence: see `formatRequestId`. */
const rid = z.string().regex(/^[0-9A-Za-z-]{1,128}\.\d{1,7}\.\d{1,10}$/)
const provisional = z.looseObject({
  id,
  rid: rid.nullable(),
  party,
  scope,
  description: text,
  narrowable: z.boolean(),
  ttlSeconds: seconds,
  stamp,
  lamport: integer,
  n: integer,
  base: position.nullable(),
  task: taskFacts.optional(),
  by: peer.optional(),
})
const provisionals = z.array(provisional).max(LIMITS.provisionalsMax)

const command = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('claim'),
    party,
    scopes,
    terms,
    stamp,
    key,
    urgency,
    waitSeconds: seconds,
    again: z.boolean().optional(),
  }),
  z.looseObject({ kind: z.literal('cancel'), party, ids }),
  z.looseObject({ kind: z.literal('end-waits'), ids, reason }),
  z.looseObject({
    kind: z.literal('ask'),
    party,
    claim: id,
    reason: text,
    urgency,
    wanted: pattern.nullable(),
    answerSeconds: seconds,
    waitSeconds: seconds,
  }),
  z.looseObject({
    kind: z.literal('respond'),
    party,
    id,
    note: text,
    stamp,
    answer: z.discriminatedUnion('decision', [
      z.looseObject({ decision: z.literal('approved') }),
      z.looseObject({ decision: z.literal('denied') }),
      z.looseObject({
        decision: z.literal('narrowed'),
        parts: z.array(part).max(LIMITS.scopesMax),
      }),
      z.looseObject({ decision: z.literal('coexist'), scopes }),
    ]),
  }),
  z.looseObject({
    kind: z.literal('release'),
    party,
    force: text.nullable(),
    target: z.discriminatedUnion('by', [
      z.looseObject({ by: z.literal('ids'), ids }),
      z.looseObject({ by: z.literal('mine') }),
      z.looseObject({ by: z.literal('this-session') }),
      z.looseObject({ by: z.literal('session'), session: name }),
      z.looseObject({ by: z.literal('agent'), agent: name }),
    ]),
  }),
  z.looseObject({ kind: z.literal('end'), ids, reason }),
  z.looseObject({ kind: z.literal('renew'), party, ids, ttlSeconds: seconds.nullable(), stamp }),
  z.looseObject({
    kind: z.literal('narrow'),
    party,
    id,
    parts: z.array(part).min(1).max(LIMITS.scopesMax),
  }),
  z.looseObject({
    kind: z.literal('rename'),
    party,
    id,
    renamed: z
      .array(z.looseObject({ from: symbol, to: symbol }))
      .min(1)
      .max(LIMITS.scopesMax),
  }),
  z.looseObject({
    kind: z.literal('complete'),
    party,
    task: name,
    trunk: name.nullable(),
    note: text,
  }),
  z.looseObject({
    kind: z.literal('expire-tasks'),
    party,
    note: text,
    target: z.discriminatedUnion('by', [
      z.looseObject({ by: z.literal('task'), task: name }),
      z.looseObject({ by: z.literal('session'), session: name }),
      z.looseObject({ by: z.literal('agent'), agent: name }),
    ]),
  }),
  z.looseObject({ kind: z.literal('branch-gone'), ids, branch: name }),
  z.looseObject({
    kind: z.literal('verify'),
    party,
    ids,
    fences: z.record(z.string(), z.number()),
  }),
  z.looseObject({
    kind: z.literal('settle'),
    peer,
    claims: provisionals,
    ended: z
      .array(z.looseObject({ id, reason, lamport: integer, n: integer }))
      .max(LIMITS.provisionalsMax),
  }),
  z.looseObject({ kind: z.literal('member'), peer, machine: name, addresses, version: integer }),
  z.looseObject({ kind: z.literal('invite'), id, key: peer, role, lifeSeconds: seconds, by: name }),
  z.looseObject({ kind: z.literal('uninvite'), ids }),
  z.looseObject({
    kind: z.literal('join'),
    invitation: id,
    peer,
    machine: name,
    addresses,
    version: integer,
    signature: z.string().max(256),
  }),
  z.looseObject({ kind: z.literal('role'), peer, role }),
  z.looseObject({
    kind: z.literal('remove-member'),
    peer,
    reason: z.enum(['removed', 'left']),
    by: name,
  }),
  z.looseObject({
    kind: z.literal('enrol'),
    repo,
    peer,
    roots: z.array(hash).max(64),
    generation: integer,
    genesis: hash,
    replaces: hash.optional(),
  }),
  z.looseObject({ kind: z.literal('attach'), repo, peer }),
])

/** Not `sync`: no machine says it, and each one would be answered by a whole document. */
export const peerMessage = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('pre-vote'),
    term: integer,
    head: position,
    stateVector: bytes,
    rotation: integer,
  }),
  z.looseObject({
    kind: z.literal('pre-vote-response'),
    term: integer,
    granted: z.boolean(),
    promised: integer,
  }),
  z.looseObject({ kind: z.literal('vote'), term: integer, head: position }),
  z.looseObject({
    kind: z.literal('vote-response'),
    term: integer,
    granted: z.boolean(),
    promised: integer,
    signature: z.string().max(256),
  }),
  z.looseObject({
    kind: z.literal('append'),
    term: integer,
    update: bytes,
    rotation: integer,
    upto: position,
    commit: recordId.nullable(),
    round: integer,
    quiet: z.boolean(),
  }),
  z.looseObject({ kind: z.literal('commit'), term: integer, commit: recordId }),
  z.looseObject({
    kind: z.literal('append-response'),
    promised: integer,
    ack: position.nullable(),
    round: integer,
    head: position,
    stateVector: bytes.nullable(),
    rotation: integer,
  }),
  z.looseObject({ kind: z.literal('sync-response'), update: bytes, rotation: integer }),
  z.looseObject({ kind: z.literal('timeout-now'), term: integer }),
  z.looseObject({
    kind: z.literal('request'),
    term: integer.optional(),
    request: z.looseObject({ rid, command, entropy: bytes.refine(({ length }) => length === 16) }),
  }),
  z.looseObject({
    kind: z.literal('reply'),
    term: integer,
    rid,
    outcome: z.looseObject({ kind: z.string().max(32) }),
    at: position,
  }),
  z.looseObject({ kind: z.literal('alive'), id: integer, sessions: z.array(name).max(100_000) }),
  z.looseObject({ kind: z.literal('alive-confirmed'), id: integer, at: position }),
  z.looseObject({ kind: z.literal('give-back'), rids: z.array(rid).max(100_000) }),
  z.looseObject({
    kind: z.literal('provisionals'),
    version: integer,
    lamport: integer,
    claims: provisionals,
  }),
  z.looseObject({ kind: z.literal('seek') }),
])

function isSymbol(given: string): boolean {
  return isTaken(() => parseSymbol(given))
}

function isPattern(given: string): boolean {
  return isTaken(() => parsePattern(given, { caseExact: false }))
}

function isTaken(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof SkeinError) return false
    throw error
  }
}
