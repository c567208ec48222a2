// Random lives of claims, waits and requests, on the engine and on the model at once, with restarts in between.
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { URGENCIES } from '../../protocol/index.ts'
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
import { PATTERNS, SESSIONS } from './world.ts'

const RUNS = Number(process.env['SKEIN_MODEL_RUNS'] ?? 2_000)

const session = fc.constantFrom(...SESSIONS)
const patterns = fc.uniqueArray(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 })
const number = fc.nat({ max: 20 })
const rarely = fc.nat({ max: 9 }).map((drawn) => drawn === 0)
function claimBy(isWaiting: fc.Arbitrary<boolean>): fc.Arbitrary<ClaimStep> {
  const key = fc.constantFrom(null, null, null, null, 'k1', 'k2')
  const mode = fc.constantFrom('exclusive', 'exclusive', 'exclusive', 'shared')
  return fc
    .tuple(session, patterns, mode, fc.constantFrom(...URGENCIES), isWaiting, key)
    .map((a) => new ClaimStep(...a))
}
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ decision: fc.constantFrom('approved', 'denied') }),
  fc.record({ decision: fc.constantFrom('narrowed', 'coexist'), patterns }),
)

const claim = claimBy(fc.boolean())
const letGo = session.map((who) => new ReleaseStep(who, null, false))
const pass = fc.constantFrom(500, 1_000, 12_000, 61_000, 320_000).map((ms) => new PassStep(ms))
const restart = fc.boolean().map((isRewriting) => new RestartStep(isRewriting))

const everything = [
  ...[claim, claim, claim, letGo, pass, restart],
  fc.tuple(session, number, rarely).map((a) => new ReleaseStep(...a)),
  fc.tuple(session, number, patterns).map((a) => new NarrowStep(...a)),
  fc.tuple(session, number, rarely).map((a) => new LeaveStep(...a)),
  fc.tuple(session, number).map((a) => new AskStep(...a)),
  fc.tuple(session, number, answer).map((a) => new RespondStep(...a)),
]
/** Many grants from the queue, of which each tenth is by age alone. */
const waiting = [claimBy(fc.constant(true)), letGo, letGo, pass, restart]

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

  it('does as the model does where there is much waiting', () => {
    live(waiting, 150, RUNS / 10)
  })
})
