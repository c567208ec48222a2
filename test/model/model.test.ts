// Random lives of claims, waits and requests, on the engine and on the model at once, with restarts in between.
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { URGENCIES, type ClaimMode } from '../../protocol/index.ts'
import {
  AskStep,
  ClaimStep,
  LeaveStep,
  NarrowStep,
  PassStep,
  ReleaseStep,
  RespondStep,
  RestartStep,
  type Answer,
  type Step,
} from './commands.ts'
import { Model } from './model.ts'
import { System } from './system.ts'
import { FEW, PATTERNS, SESSIONS, type PatternName } from './world.ts'

const RUNS = Number(process.env['SKEIN_MODEL_RUNS'] ?? 2_000)

const session = fc.constantFrom(...FEW)
const patterns = patternsOf(PATTERNS)
const number = fc.nat({ max: 20 })
const rarely = fc.nat({ max: 9 }).map((drawn) => drawn === 0)
function patternsOf(names: readonly PatternName[]): fc.Arbitrary<PatternName[]> {
  return fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 })
}

const key = fc.constantFrom(null, null, null, null, 'k1', 'k2')
const mode = fc.constantFrom<ClaimMode>('exclusive', 'exclusive', 'exclusive', 'shared')
const urgency = fc.constantFrom(...URGENCIES)
/** As callers with different checkouts have them: most none, others one or both. */
const limits = fc.constantFrom(
  ...[null, null, null, { perAgent: 1, inRepo: 0 }],
  ...[
    { perAgent: 0, inRepo: 3 },
    { perAgent: 2, inRepo: 2 },
  ],
)
const claim = fc
  .tuple(session, patterns, mode, urgency, fc.boolean(), key, limits)
  .map((a) => new ClaimStep(...a))
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ decision: fc.constantFrom('approved', 'denied') }),
  fc.record({ decision: fc.constantFrom('narrowed', 'coexist'), patterns }),
)

const letGo = session.map((who) => new ReleaseStep(who, null, false))
const pass = fc.constantFrom(500, 1_000, 12_000, 61_000, 320_000).map((ms) => new PassStep(ms))
const restart = fc.boolean().map((isRewriting) => new RestartStep(isRewriting))

const everything = [
  ...[claim, claim, claim, letGo, pass, restart],
  fc.tuple(session, number, rarely).map((a) => new ReleaseStep(...a)),
  fc.tuple(session, number, patterns).map((a) => new NarrowStep(...a)),
  fc.tuple(session, number, rarely).map((a) => new LeaveStep(...a)),
  fc.tuple(session, number, fc.constantFrom(0, 30, 600)).map((a) => new AskStep(...a)),
  fc.tuple(session, number, answer).map((a) => new RespondStep(...a)),
]
/** A crowd at two files: many grants from the queue, of which each tenth is by age alone. */
const crowd = fc.constantFrom(...SESSIONS)
const joining = fc
  .record({ who: crowd, what: patternsOf(['a', 'b', '{a,b}']), urgency })
  .map(({ who, what, urgency: level }) => {
    return new ClaimStep(who, what, 'exclusive', level, true, null)
  })
const leaving = crowd.map((who) => new ReleaseStep(who, null, false))
const crowded = [joining, joining, leaving, leaving, leaving, leaving, pass]

function live(steps: fc.Arbitrary<Step>[], maxCommands: number, numRuns: number): void {
  const lives = fc.commands(steps, { maxCommands, size: 'max' })
  fc.assert(
    fc.property(lives, (commands) => {
      fc.modelRun(() => ({ model: new Model(), real: new System() }), commands)
    }),
    { numRuns, includeErrorInReport: true },
  )
}

describe('the engine', () => {
  it(`does as the model does in ${String(RUNS)} lives`, () => {
    live(everything, 60, RUNS)
  })

  it('does as the model does in a crowd of waiters', () => {
    live(crowded, 200, RUNS / 10)
  })
})
