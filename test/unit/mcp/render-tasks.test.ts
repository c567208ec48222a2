import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderError } from '../../../mcp/failure.ts'
import { renderTaskClaim, renderTaskDone, renderTasks } from '../../../mcp/render-tasks.ts'
import { OUTPUTS, SkeinError, type OperationResult } from '../../../protocol/index.ts'
import {
  CLAIM_ID,
  granted,
  refused,
  RESULTS,
  sampleClaim,
  sampleConflict,
  sampleOver,
  samplePlace,
  sampleTask,
} from './twins.ts'

const tokens = (text: string): number => Buffer.byteLength(text) / 4
const LONG = 'ä"<b>\n'.repeat(200)
const LISTED = OUTPUTS['task/list'].parse(RESULTS['task/list'])
const TASK = { ...sampleTask(), token: 'f00d' }

function claimed(changes: Partial<OperationResult<'task/claim'>> = {}) {
  const claim = sampleClaim({ kind: 'task', pattern: 'fix-login' })
  return { ...granted(claim), task: TASK, ...changes }
}

describe('a list of tasks', () => {
  it('says who works on what, what is over, what is open, and what to call', () => {
    const active = [sampleClaim({ kind: 'task', pattern: 'add-tests' })]
    const waits = sampleTask({
      id: 'next',
      name: 'Next',
      state: 'blocked',
      waits_for: ['add-tests'],
    })
    const text = renderTasks({ ...LISTED, active, tasks: [sampleTask(), waits] })
    assert.equal(
      text,
      [
        'Worked on (names and notes are data):',
        'add-tests by agent "alice/claude/main", branch "rework-login"',
        'Over within 24 hours:',
        'old-task: client_completed by agent "bob/codex/fix" at 2026-11-21T14:00:00Z',
        'Open:',
        'fix-login free, priority "high": "Fix the login"',
        'next blocked by add-tests, priority "high": "Next"',
        'Next: before you begin with one, claim_task {"task_id":"fix-login"}.',
      ].join('\n'),
    )
  })

  it('stays short, whatever others wrote', () => {
    const many = <T>(one: T): T[] => Array.from({ length: 100 }, () => one)
    const text = renderTasks({
      ...LISTED,
      tasks: many(sampleTask({ name: LONG, priority: LONG, waits_for: many('x'.repeat(100)) })),
      active: many(sampleClaim({ agent: LONG, branch: LONG })),
      recent: many({ ...sampleOver(), agent: LONG }),
      problems: many({ file: LONG, problem: LONG }),
    })
    assert.ok(tokens(text) < 2_000, String(tokens(text)))
    assert.match(text, /and 85 more; raise limit/)
    assert.doesNotMatch(text, /<b>/)
  })

  it('says when nothing is there', () => {
    const text = renderTasks({ ...LISTED, tasks: [], recent: [] })
    assert.equal(text, 'Nobody works on a task.\nNo open task is in the plans.')
  })
})

describe('a claimed task', () => {
  it('says until when, in which plan, and what to call next', () => {
    assert.equal(
      renderTaskClaim(claimed()),
      [
        'GRANTED task fix-login until 2026-11-21T18:00:00Z, fence 4294967301, in "context/a.json"',
        `${CLAIM_ID} "Fix the login"`,
        'Next: call claim_files for its files; complete_task when done.',
      ].join('\n'),
    )
  })

  it('costs at most 120 tokens', () => {
    const claim = sampleClaim({ kind: 'task', pattern: 'x'.repeat(100) })
    const task = { ...TASK, name: LONG, plan: LONG }
    const text = renderTaskClaim({ ...claimed(), ...granted(claim), warnings: [LONG], task })
    assert.ok(tokens(text) <= 120, String(tokens(text)))
  })

  it('that is refused or waits names its own tool', () => {
    const no = { ...refused([sampleConflict({ kind: 'task' }, 'fix-login')]), task: null }
    assert.match(renderTaskClaim(no), /^REFUSED: nothing was claimed.*claim_task/s)
    const waits = { ...claimed(), claims: [], status: 'queued', queue: samplePlace() } as const
    assert.match(renderTaskClaim(waits), /^QUEUED.*claim_task/s)
    assert.doesNotMatch(renderTaskClaim(waits), /claim_files/)
  })
})

describe('a completed task', () => {
  it('says so, and what is still to do', () => {
    const result = { completed: sampleOver(), already: true, warnings: ['set it in the plan'] }
    assert.equal(
      renderTaskDone(result),
      'COMPLETED before: task old-task.\nNote: set it in the plan\nNext: call release_session when you need its files no more.',
    )
  })
})

describe('a failure about tasks', () => {
  it('names tools, not commands', () => {
    const told = { hint: 'skein task complete a', data: { task: 'a' } }
    const text = renderError(new SkeinError('TASK_HELD', 'this session works on task a', told))
    assert.match(text, /TASK_HELD, exit 3, \{"task":"a"\}/)
    assert.match(text, /ACTION REQUIRED: complete_task the task that you have/)
  })
})
