import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePlanFile, PLAN_TASKS_MAX, type Plan } from '../../../daemon/tasks/plan-file.ts'

function planOf(text: string): { plan: Plan; problems: readonly string[] } {
  const parsed = parsePlanFile('context/a.json', text)
  assert.equal(parsed.kind, 'plan')
  return parsed
}

function withTasks(...tasks: unknown[]): string {
  return JSON.stringify({ plan_name: 'P', last_updated: '2026-11-21', tasks })
}

describe('a plan file', () => {
  it('is read with all that the format has', () => {
    const { plan, problems } = planOf(
      withTasks(
        {
          id: 'fix-login',
          name: 'Fix the login',
          status: 'in_progress',
          priority: 1,
          blocked_by: null,
          description: 'Line one\r\nline\u202e two',
          steps: ['a', 7],
          acceptance_criteria: 'b',
          files: ['src/**', 'b.ts'],
          labels: ['needs:gpu'],
        },
        { id: 'b', blocked_by: 'fix-login' },
        { id: 'c', blocked_by: ['fix-login', 'b', 'b'], status: 'complete', priority: 'high' },
      ),
    )
    assert.deepEqual(problems, [])
    assert.deepEqual([plan.name, plan.lastUpdated], ['P', '2026-11-21'])
    assert.deepEqual(plan.tasks, [
      {
        id: 'fix-login',
        name: 'Fix the login',
        status: 'in_progress',
        priority: '1',
        blockedBy: [],
        files: ['src/**', 'b.ts'],
        labels: ['needs:gpu'],
        text: 'Line one\nline  two\n\n## Steps\n1. a\n\n## Acceptance criteria\n- b',
      },
      {
        ...{ id: 'b', name: 'b', status: 'pending', priority: null, blockedBy: ['fix-login'] },
        ...{ files: [], labels: [], text: '' },
      },
      {
        id: 'c',
        name: 'c',
        status: 'complete',
        priority: 'high',
        blockedBy: ['fix-login', 'b'],
        ...{ files: [], labels: [], text: '' },
      },
    ])
  })

  it('may end its lines as Windows does, and begin with a byte order mark', () => {
    const text = JSON.stringify(JSON.parse(withTasks({ id: 'a' })), null, 2).replaceAll(
      '\n',
      '\r\n',
    )
    assert.deepEqual(
      planOf(`\uFEFF${text}`).plan.tasks.map(({ id }) => id),
      ['a'],
    )
  })

  it('keeps its good entries, and says of each bad one what is wrong', () => {
    const bad: readonly (readonly [entry: unknown, says: RegExp])[] = [
      [7, /is no object/],
      [null, /is no object/],
      [['a'], /is no object/],
      [{}, /has no `id`/],
      [{ id: 3 }, /has no `id`/],
      [{ id: 'a b' }, /`a b` is no id/],
      [{ id: '../x' }, /is no id/],
      [{ id: 'x', status: 'done' }, /x has the status "done", not pending, in_progress, complete/],
      [{ id: 'x', status: null }, /has the status null/],
      [{ id: 'x', blocked_by: 3 }, /x is blocked_by 3/],
      [{ id: 'x', blocked_by: ['ok', 'n o'] }, /is blocked_by \["ok","n o"\]/],
      [{ id: 'x', blocked_by: { id: 'y' } }, /is no task's id/],
      [{ id: 'x', blocked_by: 'x' }, /is blocked_by itself/],
      [
        { id: 'x', blocked_by: Array.from({ length: 51 }, (_, i) => `t${String(i)}`) },
        /is no task/,
      ],
    ]
    for (const [entry, says] of bad) {
      const { plan, problems } = planOf(withTasks(entry, { id: 'good' }))
      assert.deepEqual(
        plan.tasks.map(({ id }) => id),
        ['good'],
        JSON.stringify(entry),
      )
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', says)
      assert.match(problems[0] ?? '', /^tasks\[0\]: /)
    }
  })

  it('names ids that stand in it twice', () => {
    const { plan, problems } = planOf(withTasks({ id: 'a' }, { id: 'b' }, { id: 'a' }))
    assert.equal(plan.tasks.length, 3)
    assert.deepEqual(problems, ['task a stands in it more than once'])
  })

  it('is cut where it is too long, and its problems are counted', () => {
    const many = Array.from({ length: PLAN_TASKS_MAX + 2 }, (_, i) => ({ id: `t${String(i)}` }))
    const { plan, problems } = planOf(withTasks(...many))
    assert.equal(plan.tasks.length, PLAN_TASKS_MAX)
    assert.match(problems.at(-1) ?? '', /only the first 5000 of 5002 tasks/)
    const wrong = planOf(withTasks(...Array.from({ length: 100 }, () => 0)))
    assert.equal(wrong.problems.length, 21)
    assert.equal(wrong.problems.at(-1), 'and 80 more problems')
  })

  it('tells nothing that could disturb a terminal or a model, and nothing long', () => {
    const name = `\u001b[31mred\u202e\u0007${'x'.repeat(1_000)}`
    const { plan } = planOf(withTasks({ id: 'a', name, priority: name }))
    const [task] = plan.tasks
    assert.doesNotMatch(task?.name ?? '', /[\p{Cc}\u202e]/u)
    assert.ok((task?.name.length ?? 999) <= 200)
    assert.ok((task?.priority?.length ?? 999) <= 200)
  })

  it('that is no JSON, or no plan, is told or left alone', () => {
    for (const text of ['', '{', '{"tasks":[}', 'plan: yes', '\u0000']) {
      const parsed = parsePlanFile('context/a.json', text)
      assert.equal(parsed.kind, 'broken')
      assert.match(parsed.problem, /^is not JSON: /)
    }
    for (const text of ['7', 'null', '[]', '"x"', '{}', '{"name":"package"}'])
      assert.equal(parsePlanFile('context/a.json', text).kind, 'other', text)
    const named = parsePlanFile('context/a.json', '{"plan_name":"P","tasks":{}}')
    assert.deepEqual(named, { kind: 'broken', problem: 'has no list of `tasks`' })
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    assert.equal(parsePlanFile('context/a.json', deep).kind, 'other')
  })

  it('is a pointer under the name current-task.json', () => {
    const read = (text: string) => parsePlanFile('context/current-task.json', text)
    assert.deepEqual(read('{"plan":"a.json"}'), { kind: 'pointer', names: 'a.json' })
    assert.deepEqual(read('{"plan_name":"P"}'), { kind: 'pointer', names: 'P' })
    assert.equal(read('{"task":"x"}').kind, 'broken')
    assert.equal(parsePlanFile('context/b.json', '{"plan":"a.json"}').kind, 'other')
  })
})
