// Known ways to break the protocol (N1-N16 of the ledger's page, and bugs that this simulator found), as patches of the
// sources: applied while the simulator is bundled, so that production code has no flags. A patch whose text is no longer
// there once is an error: the table follows the code.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { runSeed } from './run.ts'
import type { scenarios } from './scenarios.ts'

export interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly id: string
  readonly what: string
  readonly edits: readonly Edit[]
  /** Seeds until it must be caught, and with how many voters; or the directed schedule that shows it. */
  readonly caughtBy:
    | {
        readonly kind: 'seeds'
        readonly voters: 1 | 3 | 5
        readonly within: number
        /** The first seed: 1 when left out. */
        readonly from?: number
      }
    | { readonly kind: 'scenario'; readonly name: keyof typeof scenarios }
}

const FOLLOWER = 'daemon/core/consensus/follower.ts'
const LEADER = 'daemon/core/consensus/leader.ts'
const CANDIDATE = 'daemon/core/consensus/candidate.ts'
const DURABILITY = 'daemon/core/consensus/durability.ts'
const CONSENSUS = 'daemon/core/consensus/consensus.ts'
const LEADING = 'daemon/core/leading.ts'
const REPLIES = 'daemon/core/replies.ts'
const LEASES = 'daemon/core/leases.ts'
const CHAIN = 'protocol/ledger/chain.ts'
const SETTLE = 'daemon/core/provisional/settle.ts'
const ASK = 'daemon/core/provisional/ask.ts'
const OWN = 'daemon/core/provisional/own.ts'
const MEMBERSHIP = 'daemon/core/membership.ts'
const RENEWALS = 'daemon/core/renewals.ts'
const FLEET_DECIDE = 'daemon/core/fleet/decide.ts'
const JUDGE_WORK = 'daemon/core/fleet/judge-work.ts'

/** Acknowledgements that look at the promise nowhere, on either side. */
const BLIND_ACKS: readonly Edit[] = [
  {
    file: DURABILITY,
    find: 'if (head === null || core.promise.term !== head.term || !isPromiseDurable(core)) return null',
    replace: 'if (head === null || !isPromiseDurable) return null',
  },
  {
    file: FOLLOWER,
    find: 'if (head === null || core.promise.term > head.term) return\n  const leader',
    replace: 'if (head === null) return\n  const leader',
  },
  {
    file: FOLLOWER,
    find: 'promised: core.promise.term,\n    ack,\n    round: core.heardRound,',
    replace: 'promised: ack.term,\n    ack,\n    round: core.heardRound,',
  },
]

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'N1',
    what: 'an acknowledgement says only that a record is held, whatever was promised since',
    edits: BLIND_ACKS,
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N2',
    what: 'a vote leaves before it is durable',
    edits: [
      {
        file: FOLLOWER,
        find: 'sendWhenDurable(core, from, { ...response, promised: term, signature })',
        replace: 'send(core, from, { ...response, promised: term, signature })',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'unsavedVote' },
  },
  {
    id: 'N3',
    what: 'a vote does not look at the head',
    edits: [
      {
        file: FOLLOWER,
        find: 'free && comparePositions(head, headPosition(core)) >= 0 && isBelievable(core, term)',
        replace: 'free && isBelievable(core, term)',
      },
      {
        file: FOLLOWER,
        find: 'const behind = comparePositions(message.head, head) < 0',
        replace: 'const behind = comparePositions(message.head, head) < -1e9',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N4',
    what: 'the longest path wins a vote, not the latest term',
    edits: [
      {
        file: FOLLOWER,
        find: 'free && comparePositions(head, headPosition(core)) >= 0 && isBelievable(core, term)',
        replace: 'free && head.index >= headPosition(core).index && isBelievable(core, term)',
      },
      {
        file: FOLLOWER,
        find: 'const behind = comparePositions(message.head, head) < 0',
        replace: 'const behind = message.head.index < head.index',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'longTail' },
  },
  {
    id: 'N5',
    what: 'records are acknowledged before they are durable',
    edits: [
      {
        file: DURABILITY,
        find: 'const head = core.durableHead\n  if (head === null || core.promise.term !== head.term',
        replace:
          'const head = core.chain.head()\n  if (head === null || core.promise.term !== head.term',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N6',
    what: 'a vote looks at the disk only, and a sync that ends after it still acknowledges',
    edits: [
      ...BLIND_ACKS,
      {
        file: FOLLOWER,
        find: 'free && comparePositions(head, headPosition(core)) >= 0 && isBelievable(core, term)',
        replace:
          'free && comparePositions(head, core.durableHead ?? head) >= 0 && isBelievable(core, term)',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100, from: 201 },
  },
  {
    id: 'N7',
    what: 'a record counts without its ancestors',
    edits: [
      {
        file: CHAIN,
        find: 'return this.#parentOf(node)?.complete === true || this.#checkpointParts(node) !== null',
        replace: 'return true',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N8',
    what: "a leader commits an older term's record by counting its copies (Raft, figure 8)",
    edits: [
      {
        file: DURABILITY,
        find: 'if (head === null || core.promise.term !== head.term || !isPromiseDurable(core)) return null',
        replace: 'if (head === null || !isPromiseDurable(core)) return null',
      },
      {
        file: FOLLOWER,
        find: 'const ack = core.promise.term === message.term ? ackNow(core) : null',
        replace: 'const ack = ackNow(core)',
      },
      {
        file: LEADER,
        find: 'if (message.ack?.term === role.term && !isBefore(message.ack, progress.ack))',
        replace: 'if (message.ack !== null && !isBefore(message.ack, progress.ack))',
      },
      {
        file: LEADER,
        find: 'return ack?.term === role.term ? ack.index : -1',
        replace: 'return ack?.index ?? -1',
      },
      {
        file: LEADER,
        find: 'if (reached < role.termStart.index) return\n  const record = core.chain.get({ term: role.term, index: reached })',
        replace:
          'const record = core.chain.pathFromBase(head).find((found) => found.index === reached) ?? null',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'figure8' },
  },
  {
    id: 'N9',
    what: 'a leader resumes its term after a crash',
    edits: [
      {
        file: CONSENSUS,
        find: '  core.durableHead = head\n',
        replace: `  core.durableHead = head
  if (head !== null && core.leaders.get(core.promise.term) === core.self && head.term === core.promise.term) {
    core.role = { kind: 'leader', term: head.term, termStart: core.chain.pathFromBase(head).find((r) => r.term === head.term) ?? head, progress: new Map(), unsent: [], round: 1e6, heartbeatAt: 0, barriers: [] }
    core.electionAt = 1
  }
`,
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N10',
    what: 'a machine comes back with an empty disk and its old name',
    edits: [
      {
        file: 'test/sim/machine.ts',
        find: '    this.disk.crash(prng)\n',
        replace: '    this.disk.wipe(this.#ledger.firstFrames)\n',
      },
      {
        file: 'test/sim/checker.ts',
        find: "'I3 monotone head',\n      `machine ${",
        replace: "'',\n      `machine ${",
      },
      {
        file: 'test/sim/violation.ts',
        find: 'if (!condition)',
        replace: "if (!condition && invariant !== '')",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N11',
    what: 'voters are changed before the TermStart is committed',
    edits: [
      {
        file: LEADER,
        find: "if (role.kind !== 'leader' || head === null || !isServing(core)) return false",
        replace: "if (role.kind !== 'leader' || head === null) return false",
      },
      {
        file: LEADER,
        find: 'if (commit === null || !isSameList(core.chain.votersAt(commit), present)) return false',
        replace: 'if (commit === null) return false',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'earlyConfig' },
  },
  {
    id: 'N12',
    what: 'two voters are changed at once',
    edits: [
      {
        file: LEADER,
        find: 'return voters.length > 0 && added + removed === 1',
        replace: 'return voters.length > 0 && added + removed >= 1',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'twoVotersAtOnce' },
  },
  {
    id: 'N13',
    what: 'a candidate goes on for its term after voting in a higher one',
    edits: [
      {
        file: FOLLOWER,
        find: '    becomeFollower(core, null)\n    promiseTo(core, { term, votedFor: from })',
        replace: '    promiseTo(core, { term, votedFor: from })',
      },
      {
        file: CANDIDATE,
        find: 'const isMine = core.promise.term === role.term && core.promise.votedFor === core.self',
        replace: 'const isMine = core.promise.term >= role.term',
      },
      {
        file: DURABILITY,
        find: 'if (head === null || core.promise.term !== head.term || !isPromiseDurable(core)) return null',
        replace: 'if (head === null || !isPromiseDurable(core)) return null',
      },
      {
        file: LEADER,
        find: "if (role.kind !== 'leader' || head === null || core.promise.term !== role.term) return\n",
        replace: "if (role.kind !== 'leader' || head === null) return\n",
      },
    ],
    caughtBy: { kind: 'scenario', name: 'lateVote' },
  },
  {
    id: 'N14',
    what: 'when the sides meet, the earlier clock wins, also over a confirmed claim',
    edits: [
      {
        file: SETTLE,
        find: '...conflicts.map(({ claim: { id } }) => id),',
        replace:
          '...conflicts.filter((met) => met.claim.stamp.wallMs <= claim.stamp.wallMs).map((met) => met.claim.id),',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N15',
    what: "a follower takes its leader's head for committed",
    edits: [
      {
        file: FOLLOWER,
        find: 'if (message.commit !== null) learnCommit(core, message.commit)',
        replace: `const upto = core.chain.get(message.upto)
  if (upto !== null) learnCommit(core, upto)`,
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'N16',
    what: 'a leader compacts below a checkpoint that it appended and nobody committed',
    edits: [
      {
        file: LEADING,
        find: 'import { isCheckpointDue } from',
        replace: 'import { compactAfter, isCheckpointDue } from',
      },
      {
        file: LEADING,
        find: '    const records = append(engine, parts)\n',
        replace:
          '    const records = append(engine, parts)\n    for (const record of records) compactAfter(engine, record)\n',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 3_000 },
  },
  {
    id: 'S1',
    what: 'whoever gets a checkpoint in place of the TermStart does not know the leader',
    edits: [
      {
        file: FOLLOWER,
        find: "if (body.kind !== 'term-start' && body.kind !== 'checkpoint') continue",
        replace: "if (body.kind !== 'term-start') continue",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 1, within: 100 },
  },
  {
    id: 'S2',
    what: 'a failure is told at once',
    edits: [
      {
        file: LEADING,
        find: "awaitConfirmation(engine, request, { kind: 'failed', failure: decision.failure })",
        replace:
          "engine.out.replies.push({ rid: request.rid, outcome: { kind: 'failed', failure: decision.failure } })",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'S3',
    what: 'a new leader forgets the lock-delays',
    edits: [
      {
        file: LEASES,
        find: 'for (const claim of view.state.forced) delay(leases, claim)',
        replace: '',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'S4',
    what: 'a restart forgets which requests were given up',
    edits: [
      {
        file: 'daemon/core/log-upkeep.ts',
        find: "if (typeof abandoned === 'string') marked.add(abandoned as RequestId)",
        replace: '',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'lateCopy' },
  },
  {
    id: 'S5',
    what: 'leases count from their grant, not from the start of the term',
    edits: [
      {
        file: LEASES,
        find: '?? leases.termStartedAt\n}\n\nfunction claimedAt',
        replace: '?? -Infinity\n}\n\nfunction claimedAt',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'S6',
    what: 'answers do not wait for a round',
    edits: [
      {
        file: LEADER,
        find: '.filter((barrier) => barrier.round <= confirmed)',
        replace: '.filter((barrier) => barrier.round <= Math.max(confirmed, 1e9))',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 3_000 },
  },
  {
    id: 'S7',
    what: 'a round answered in another term confirms this one',
    edits: [
      {
        file: LEADER,
        find: 'if (message.promised === role.term) progress.round',
        replace: 'progress.round',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'staleRound' },
  },
  {
    id: 'S8',
    what: 'a deposed leader tells what rests on records that its successor went past',
    edits: [
      {
        file: REPLIES,
        find: "  if (role.kind !== 'leader') return\n  for",
        replace: "  if (role.kind === 'candidate') return\n  for",
      },
    ],
    caughtBy: { kind: 'scenario', name: 'bypassedGround' },
  },
  {
    id: 'P1',
    what: 'provisional claims are settled against what is committed, not against all that the leader appended',
    edits: [
      {
        file: LEADING,
        find: '  const context = {\n    view,\n    delays,\n    wallMs: consensus.wallMs,\n    append',
        replace:
          '  const context = {\n    view: engine.committed,\n    delays,\n    wallMs: consensus.wallMs,\n    append',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'P2',
    what: 'a provisional claim that was settled is judged anew when it is asked for again',
    edits: [
      {
        file: SETTLE,
        find: '  if (claim.n <= settledOf(view.state, place.peer)) return []\n',
        replace: '',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'P3',
    what: 'provisional claims are settled in the order in which they come',
    edits: [
      {
        file: SETTLE,
        find: 'live.sort((a, b) => compareProvisionals(placeOf(a), placeOf(b)))',
        replace: 'live',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'P4',
    what: 'a leader is not told that a provisional claim has ended since it was asked about',
    edits: [
      {
        file: OWN,
        find: 'const asked = live.filter(({ isAsked }) => isAsked)',
        replace: 'const asked = live.filter(() => false)',
      },
      {
        file: OWN,
        find: 'live.filter(({ isAsked }) => !isAsked).map(idOf)',
        replace: 'live.map(idOf)',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'P5',
    what: 'a provisional claim is told before it is durable',
    edits: [
      {
        file: 'daemon/core/provisional/note.ts',
        find: 'if (position <= consensus.durable) out.replies',
        replace: 'if (position >= 0) out.replies',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'P6',
    what: 'a log that is written anew forgets provisional claims',
    edits: [
      {
        file: 'daemon/core/log-upkeep.ts',
        find: '    ...framesOf(engine),\n',
        replace: '',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 200 },
  },
  {
    id: 'P7',
    what: 'a machine counts the leases of its claims by a clock that stops in its sleep',
    edits: [
      {
        file: RENEWALS,
        find: '    now.uptimeMs - since.uptimeMs,\n    now.wallMs - since.wallMs,\n',
        replace: '',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 1_000 },
  },
  {
    id: 'P8',
    what: 'what is not durable yet is asked to be settled',
    edits: [
      {
        file: OWN,
        find: 'filter(({ position }) => position <= consensus.durable)',
        replace: 'filter(({ position }) => position <= consensus.durable || true)',
      },
      { file: ASK, find: 'engine.incarnationAt > consensus.durable', replace: 'false' },
      { file: ASK, find: 'provisionals.changesAt.length > 0', replace: 'false' },
    ],
    caughtBy: { kind: 'seeds', voters: 1, within: 100 },
  },
  {
    id: 'V1',
    what: 'of voters that shall go, one that nobody hears stays to the end',
    edits: [
      {
        file: MEMBERSHIP,
        find: 'others.find((peer) => !isThere(consensus, role, peer)) ?? others[0]',
        replace: 'others[0]',
      },
      {
        file: MEMBERSHIP,
        find: 'return isMajority(rest, (peer) => isThere(consensus, role, peer)) ? rest : null',
        replace: 'return rest',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'removedGoesFirst' },
  },
  {
    id: 'V2',
    what: 'a machine becomes a voter before it has caught up',
    edits: [
      {
        file: MEMBERSHIP,
        find: 'if (head === null || ack?.term !== role.term) return false',
        replace: 'if (head === null || ack?.term !== role.term) return true',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'laggardStaysLearner' },
  },
  {
    id: 'V3',
    what: 'a leader that was removed goes on leading',
    edits: [
      {
        file: MEMBERSHIP,
        find: '  handOver(consensus)\n  becomeFollower(consensus, null)\n',
        replace: '',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'leaderRemoved' },
  },
  {
    id: 'V4',
    what: 'a machine without records waits until somebody speaks to it',
    edits: [
      {
        file: 'daemon/core/forwarding.ts',
        find: 'isKnown ? voters : learners',
        replace: 'voters',
      },
    ],
    caughtBy: { kind: 'scenario', name: 'joinsQuietLedger' },
  },
  {
    id: 'V5',
    what: 'provisional claims of machines that are gone stand in the way for ever',
    edits: [
      {
        file: MEMBERSHIP,
        find: 'if (!copies.includes(peer)) engine',
        replace: 'if (copies.length > 100) engine',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 1_000 },
  },
  {
    id: 'V6',
    what: 'a restart forgets how far the commit had come',
    edits: [
      {
        file: 'daemon/core/log-upkeep.ts',
        find: 'if (isRecordId(mark)) return mark',
        replace: 'if (isRecordId(mark)) return null',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'Y1',
    what: 'a pattern stays shared that was demoted',
    edits: [
      {
        file: 'daemon/core/view.ts',
        find: "kind === 'policy' || kind === 'promoted' || kind === 'demoted'",
        replace: "kind === 'policy' || kind === 'promoted'",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'Y2',
    what: 'who waited is granted what the policy forbids by now',
    edits: [
      {
        file: 'daemon/core/queue/pump.ts',
        find: 'ruleOn(view, entry.party, entry.scopes, wallMs)',
        replace: "{ kind: 'free', scopes: entry.scopes }",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'Y3',
    what: 'provisional claims are settled without the policy',
    edits: [
      {
        file: SETTLE,
        find: 'ruleOn(view, party, [scope], wallMs)',
        replace: "{ kind: 'free', scopes: [scope] }",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'F1',
    what: 'work lands without the claim on its target',
    edits: [
      {
        file: JUDGE_WORK,
        find: "landing.state !== 'dropped' && !holdsTarget(view, rid, landing.target, fence)",
        replace: "landing.state !== 'dropped' && !holdsTarget",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 1, within: 100 },
  },
  {
    id: 'F2',
    what: 'a worker whose claim has ended succeeds',
    edits: [
      {
        file: FLEET_DECIDE,
        find: 'if (view.state.claims.get(claim)?.fence !== fence)',
        replace: 'if (claim === id && view.state.claims.get(claim)?.fence !== fence)',
      },
    ],
    caughtBy: { kind: 'seeds', voters: 1, within: 3_000 },
  },
  {
    id: 'F3',
    what: 'any machine moves an assignment',
    edits: [
      {
        file: FLEET_DECIDE,
        find: 'if (peerOf(rid) !== assignment.peer)',
        replace: 'if (peerOf(rid) !== assignment.peer && to === from)',
      },
      {
        file: FLEET_DECIDE,
        find: 'const { id, to, facts } = command',
        replace: "const { id, to, facts } = command\n  const from: string = ''",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 100 },
  },
  {
    id: 'F4',
    what: 'an assignment that nobody was told of goes on',
    edits: [
      {
        file: LEADING,
        find: "if (outcome.kind === 'assigned' && isOpenFor(engine.tail, rid, outcome.id)) {",
        replace: "if (outcome.kind === 'assigned' && engine.tail === null) {",
      },
    ],
    caughtBy: { kind: 'seeds', voters: 3, within: 3_000 },
  },
]

export interface MutantModule {
  readonly runSeed: typeof runSeed
  readonly scenarios: typeof scenarios
}

export type Detection =
  | {
      readonly kind: 'caught'
      readonly seeds: number
      readonly by: string
      readonly message: string
    }
  | { readonly kind: 'missed' | 'out of time'; readonly seeds: number }

/** Plays the mutant's schedule, or seed after seed until one is violated. */
export function detect(
  { caughtBy }: Mutant,
  { runSeed, scenarios }: MutantModule,
  timeMs: number,
): Detection {
  if (caughtBy.kind === 'scenario') {
    try {
      scenarios[caughtBy.name]()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return { kind: 'caught', seeds: 0, by: caughtBy.name, message }
    }
    return { kind: 'missed', seeds: 0 }
  }
  const endsAt = performance.now() + timeMs
  const first = caughtBy.from ?? 1
  for (let seed = first; seed < first + caughtBy.within; seed++) {
    const { violation } = runSeed(seed, { yjsEvery: 0, voters: caughtBy.voters })
    if (violation !== null) {
      const { message } = violation
      return { kind: 'caught', seeds: seed - first + 1, by: `seed ${String(seed)}`, message }
    }
    if (performance.now() > endsAt) return { kind: 'out of time', seeds: seed - first + 1 }
  }
  return { kind: 'missed', seeds: caughtBy.within }
}

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** The simulator with these edits in its sources. */
export async function loadMutant(
  edits: readonly Edit[],
  folder: string,
  name: string,
): Promise<MutantModule> {
  const applied = new Set<string>()
  const plugin: Plugin = {
    name: 'mutant',
    setup(setup) {
      // They run on the plain document; a second Yjs in one process would complain.
      setup.onResolve({ filter: /^yjs$/ }, () => ({ path: 'yjs', namespace: 'absent' }))
      setup.onLoad({ filter: /^yjs$/, namespace: 'absent' }, () => ({ contents: 'export {}' }))
      setup.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const relative = path.relative(root, file).split(path.sep).join('/')
        const own = edits.filter((edit) => edit.file === relative)
        if (own.length === 0) return null
        applied.add(relative)
        return { contents: own.reduce(applyEdit, readFileSync(file, 'utf8')), loader: 'ts' }
      })
    },
  }
  const outfile = path.join(folder, `${name}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: ['test/sim/mutant-entry.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    plugins: [plugin],
  })
  for (const { file } of edits) {
    if (!applied.has(file)) throw new Error(`${name}: ${file} is not part of the simulator`)
  }
  return (await import(pathToFileURL(outfile).href)) as MutantModule
}

function applyEdit(text: string, { file, find, replace }: Edit): string {
  const times = text.split(find).length - 1
  if (times !== 1) {
    throw new Error(`a mutant's text is ${String(times)} times in ${file}, not once:\n${find}`)
  }
  return text.replace(find, () => replace)
}
