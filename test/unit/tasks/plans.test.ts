import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import {
  circleBefore,
  circlesIn,
  findTask,
  isPlanned,
  openBlockers,
  readPlans,
  type Plans,
} from '../../../daemon/tasks/plans.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

interface Entry {
  readonly id: string
  readonly status?: string
  readonly blocked_by?: string | readonly string[]
}

function planText(tasks: readonly Entry[], name = 'P'): string {
  return JSON.stringify({ plan_name: name, tasks })
}

async function plansOf(
  t: Parameters<typeof makeFolder>[0],
  files: Readonly<Record<string, string>>,
  planPath = 'context',
): Promise<Plans> {
  const root = makeFolder(t)
  for (const [file, text] of Object.entries(files)) writeIn(root, file, text)
  return readPlans(root, planPath)
}

function only(plans: Plans, id: string) {
  const [found, ...more] = findTask(plans, id)
  assert.ok(found !== undefined && more.length === 0, id)
  return found
}

describe('the plans of a checkout', () => {
  it('are the JSON files of `plan_path`, a folder or one file', async (t) => {
    const files = {
      'context/b.json': planText([{ id: 'b' }]),
      'context/a.json': planText([{ id: 'a' }]),
      'context/notes.md': 'x',
      'context/deeper/c.json': planText([{ id: 'c' }]),
      'plans/d.json': planText([{ id: 'd' }]),
    }
    const usual = await plansOf(t, files)
    assert.deepEqual(usual.files, ['context/a.json', 'context/b.json'])
    assert.deepEqual((await plansOf(t, files, 'plans/')).files, ['plans/d.json'])
    const one = await plansOf(t, files, 'context/b.json')
    assert.deepEqual(
      one.plans.flatMap(({ tasks }) => tasks.map(({ id }) => id)),
      ['b'],
    )
    assert.deepEqual((await plansOf(t, {})).problems, [])
  })

  it('stay inside the checkout, whatever links say', async (t) => {
    const root = makeFolder(t)
    const outside = makeFolder(t)
    writeIn(outside, 'x.json', planText([{ id: 'secret' }]))
    mkdirSync(path.join(root, 'context'))
    symlinkSync(path.join(outside, 'x.json'), path.join(root, 'context', 'x.json'))
    symlinkSync(outside, path.join(root, 'away'))
    const linked = await readPlans(root, 'context')
    assert.deepEqual(linked.problems, [
      { file: 'context/x.json', problem: 'leads out of the checkout' },
    ])
    for (const place of ['away', '..', '../x', '/etc']) {
      const { files, problems } = await readPlans(root, place)
      assert.deepEqual([files, problems[0]?.problem], [[], '`plan_path` leads out of the checkout'])
    }
  })

  it('are read within bounds; what is too large is told and the rest is read', async (t) => {
    const root = makeFolder(t)
    writeIn(root, 'context/ok.json', planText([{ id: 'ok' }]))
    writeIn(root, 'context/huge.json', planText([{ id: 'x'.repeat(1_100_000) }]))
    mkdirSync(path.join(root, 'context', 'folder.json'))
    const { plans, problems } = await readPlans(root, 'context')
    assert.deepEqual(
      plans.map(({ file }) => file),
      ['context/ok.json'],
    )
    assert.deepEqual(problems, [
      { file: 'context/folder.json', problem: 'is not a file' },
      { file: 'context/huge.json', problem: 'is larger than 1048576 bytes' },
    ])
    const many = path.join(root, 'many')
    mkdirSync(many)
    for (let i = 0; i < 203; i++) writeFileSync(path.join(many, `${String(i)}.json`), '{}')
    const cut = await readPlans(root, 'many')
    assert.equal(cut.files.length, 200)
    assert.match(cut.problems[0]?.problem ?? '', /only the first 200 of 203/)
  })

  it('have an active one where current-task.json names it', async (t) => {
    const files = {
      'context/a.json': planText([{ id: 'x' }], 'Alpha'),
      'context/b.json': planText([{ id: 'x' }], 'Beta'),
    }
    for (const names of ['b.json', 'b', 'Beta', 'context/b.json']) {
      const pointer = { 'context/current-task.json': JSON.stringify({ plan: names }) }
      const plans = await plansOf(t, { ...files, ...pointer })
      assert.equal(plans.active?.file, 'context/b.json', names)
      assert.equal(only(plans, 'x').plan.file, 'context/b.json')
    }
    const pointer = { 'context/current-task.json': '{"plan":"gone.json"}' }
    const { active, problems } = await plansOf(t, { ...files, ...pointer })
    assert.equal(active, null)
    assert.match(problems[0]?.problem ?? '', /names no plan that is here: gone.json/)
  })
})

describe('a task id', () => {
  it('means the open entry before completed ones, and is unclear where two are open', async (t) => {
    const plans = await plansOf(t, {
      'context/a.json': planText([
        { id: 'x', status: 'complete' },
        { id: 'y' },
        { id: 'z', status: 'complete' },
      ]),
      'context/b.json': planText([{ id: 'x' }, { id: 'y' }, { id: 'z', status: 'complete' }]),
    })
    assert.equal(only(plans, 'x').plan.file, 'context/b.json')
    assert.equal(findTask(plans, 'y').length, 2)
    assert.equal(only(plans, 'z').task.status, 'complete')
    assert.deepEqual(findTask(plans, 'none'), [])
    assert.equal(isPlanned(plans, 'none'), false)
  })
})

describe('what stands before a task', () => {
  it('is open until its plan says complete; its own plan is asked first', async (t) => {
    const plans = await plansOf(t, {
      'context/a.json': planText([
        { id: 'done', status: 'complete' },
        { id: 'next', blocked_by: ['done', 'other', 'nowhere'] },
        { id: 'last', blocked_by: 'next' },
      ]),
      'context/b.json': planText([{ id: 'done' }, { id: 'other', status: 'complete' }]),
    })
    assert.deepEqual(openBlockers(plans, only(plans, 'next')), ['nowhere'])
    assert.deepEqual(openBlockers(plans, only(plans, 'last')), ['next'])
  })

  it('may be a circle, which is found wherever one starts, and once in a list', async (t) => {
    const plans = await plansOf(t, {
      'context/a.json': planText([
        { id: 'a', blocked_by: 'b' },
        { id: 'b', blocked_by: ['ok', 'c'] },
        { id: 'c', blocked_by: 'a' },
        { id: 'd', blocked_by: 'a' },
        { id: 'ok' },
      ]),
    })
    assert.deepEqual(circleBefore(plans, only(plans, 'a')), ['a', 'b', 'c', 'a'])
    assert.deepEqual(circleBefore(plans, only(plans, 'd')), ['a', 'b', 'c', 'a'])
    assert.equal(circleBefore(plans, only(plans, 'ok')), null)
    assert.equal(circlesIn(plans).length, 1)
  })

  it('is no circle through what is complete', async (t) => {
    const plans = await plansOf(t, {
      'context/a.json': planText([
        { id: 'a', blocked_by: 'b' },
        { id: 'b', blocked_by: 'a', status: 'complete' },
      ]),
    })
    assert.equal(circleBefore(plans, only(plans, 'a')), null)
  })

  it('may be a chain as long as a plan', async (t) => {
    const tasks = Array.from({ length: 5_000 }, (_, i) => ({
      id: `t${String(i)}`,
      ...(i < 4_999 ? { blocked_by: `t${String(i + 1)}` } : {}),
    }))
    const plans = await plansOf(t, { 'context/a.json': planText(tasks) })
    assert.equal(circleBefore(plans, only(plans, 't0')), null)
    assert.deepEqual(circlesIn(plans), [])
  })
})
