// What the audit log says of assignments and of landings, as people read it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ofFleet, type FleetChange } from '../../../daemon/record-events-fleet.ts'
import { tellEvent, type Assignment, type Landing, type Verdict } from '../../../protocol/index.ts'
import { aProposal, anAssignment, PUSHED } from '../../helpers/assignments.ts'

const AT = '2026-01-01T10:00:00.000Z'

function told(change: FleetChange): string {
  const event = { ...ofFleet(change), id: 'evt_1', repo: 'team/proj', at: AT, term: 1, index: 1 }
  const text = tellEvent({ ...event, prev: '', hash: '' } as unknown as Parameters<
    typeof tellEvent
  >[0])
  return text
    .replace(AT, '')
    .replaceAll(/ \(asg_\w+\)/g, '')
    .trim()
}

const NAMED = { task: 'T-1', title: 'Mend the login' }

function moved(more: Partial<Assignment>): FleetChange {
  return { kind: 'assignment', assignment: anAssignment('1', { ...NAMED, ...more }), by: 'ann' }
}

function landed(more: Partial<Landing>): FleetChange {
  const commits = { target: 'main', head: PUSHED, base: PUSHED, commit: PUSHED }
  const landing: Landing = {
    ...{ state: 'landed', ...commits, reason: null, note: '', pull: null, by: 'ada', atMs: 0 },
    ...more,
  }
  return { kind: 'assignment-landing', assignment: anAssignment('1', NAMED), landing }
}

const VERDICT: Verdict = {
  ...{ kind: 'review', outcome: 'fail', commit: PUSHED, by: 'eve', machine: 'ada', from: null },
  ...{ note: 'no test', atMs: 0 },
}
const SAID = { by: 'ann', note: 'the first one', atMs: 0 }
const WHAT = 'T-1 "Mend the login"'

describe('events of the fleet', () => {
  const assignment = anAssignment('1', { ...NAMED, stop: SAID, answer: SAID })
  const cases: readonly (readonly [FleetChange, string])[] = [
    [moved({ state: 'assigned' }), `ann gave ${WHAT} to a worker on bob`],
    [moved({ state: 'starting' }), `the worker of ${WHAT} starts`],
    [moved({ state: 'running' }), `the worker of ${WHAT} is at work`],
    [moved({ state: 'waiting', note: 'which?' }), `the worker of ${WHAT} asks a person: which?`],
    [
      moved({ state: 'succeeded', commit: PUSHED, branch: 'task-1' }),
      `the worker of ${WHAT} is done: pushed aaaaaaaaaa to task-1`,
    ],
    [moved({ state: 'empty' }), `the worker of ${WHAT} ended, and committed nothing`],
    [
      moved({ state: 'failed', reason: 'exit', note: 'it exited with 3' }),
      `the worker of ${WHAT} failed (exit): it exited with 3`,
    ],
    [moved({ state: 'stopped' }), `the worker of ${WHAT} was ended by ann`],
    [moved({ state: 'lost' }), `ann gave up the machine that had ${WHAT}`],
    [moved({ title: 'T-1', state: 'starting' }), 'the worker of T-1 starts'],
    [
      moved({ title: 'x'.repeat(99), state: 'starting' }),
      `the worker of T-1 "${'x'.repeat(59)}…" starts`,
    ],
    [
      { kind: 'assignment-stopping', assignment },
      `ann asks for the end of the worker of ${WHAT}: the first one`,
    ],
    [
      { kind: 'assignment-answered', assignment },
      `ann answered the worker of ${WHAT}: the first one`,
    ],
    [
      { kind: 'assignment-judged', assignment, verdict: VERDICT },
      `the review of ${WHAT} failed at aaaaaaaaaa, says eve: no test`,
    ],
    [landed({}), `${WHAT} landed on main as aaaaaaaaaa`],
    [
      landed({ state: 'blocked', reason: 'conflict', note: 'src/a.ts' }),
      `${WHAT} is kept from main (conflict): src/a.ts`,
    ],
    [landed({ state: 'dropped' }), `${WHAT} is not to land on main, says ada`],
    [{ kind: 'proposed', proposals: [aProposal('1'), aProposal('2')] }, 'ann proposes T-1, T-2'],
    [{ kind: 'proposed', proposals: [] }, 'nothing is proposed any more'],
  ]
  for (const [change, text] of cases)
    it(`say: ${text.slice(0, 60)}`, () => {
      assert.equal(told(change), text)
    })
})
