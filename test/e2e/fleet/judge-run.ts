// What must be true when all has landed: of the remote, and of the run as its audit log tells it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { OperationResult } from '../../../protocol/index.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'
import type { Machine, TestMesh } from '../../helpers/mesh.ts'
import { until } from '../../helpers/poll.ts'
import { git, makeFolder } from '../../helpers/repo.ts'
import type { Task } from './plan.ts'

type Events = OperationResult<'events'>['events']

export async function judgeRun(
  cleaner: Cleaner,
  { machines }: TestMesh,
  origin: string,
  tasks: readonly Task[],
): Promise<string[]> {
  const problems = judgeTree(cleaner, origin, tasks)
  const logs = await Promise.all(machines.map((machine) => fleetEvents(machine)))
  const [first = []] = logs
  for (const [at, { name }] of machines.entries()) {
    const same = await until(`${name} has the same history`, async () => {
      const own = at === 0 ? first : await fleetEvents(machines[at] as Machine)
      return told(own) === told(first)
    }).catch(() => false)
    if (!same) problems.push(`the audit log of ${name} tells another story than the first one's`)
  }
  problems.push(...judgeStory(first, tasks))
  for (const machine of machines) problems.push(...(await judgeMachine(machine)))
  return problems
}

/** Each task wrote its line, once; and the tests are green. */
function judgeTree(cleaner: Cleaner, origin: string, tasks: readonly Task[]): string[] {
  const root = path.join(makeFolder(cleaner), 'end')
  git(origin, 'clone', '--quiet', origin, root)
  const problems = tasks.flatMap(({ id, files: [file = ''] }) => {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n')
    const count = lines.filter((line) => line === id).length
    return count === 1 ? [] : [`${id} stands ${String(count)} times in ${file}`]
  })
  try {
    execFileSync('sh', ['check.sh'], { cwd: root, stdio: 'pipe' })
  } catch {
    problems.push('the tests are red on the default branch')
  }
  return problems
}

/** Folds the events alone: no task had two workers at a time, none landed twice, all have landed and after what they need. */
function judgeStory(events: Events, tasks: readonly Task[]): string[] {
  const problems: string[] = []
  const open = new Map<string, string>()
  const landed: string[] = []
  const lands = new Map<string, string>()
  const repaired = new Set<string>()
  for (const { kind, data } of events) {
    const { task = '', assignment = '' } = data as Readonly<Record<string, string | undefined>>
    if (kind === 'assignment.assigned') {
      const other = open.get(task)
      if (other !== undefined && other !== assignment)
        problems.push(`${task} was given to ${assignment} while ${other} had it`)
      const missing = tasks
        .find(({ id }) => id === task)
        ?.blocked_by.filter((before) => !landed.includes(before))
      if (missing !== undefined && missing.length > 0)
        problems.push(`${task} began before ${missing.join(', ')} had landed`)
      open.set(task, assignment)
    }
    if (/\.(?:succeeded|empty|failed|stopped|lost)$/.test(kind)) open.delete(task)
    if (kind !== 'merge.landed') continue
    // A repair lands what it continues, too.
    const { of } = data as { readonly of?: string }
    const isNext = landed.includes(task) && lands.get(task) !== assignment
    if (landed.includes(task) && !(isNext && (of !== undefined || repaired.has(assignment))))
      problems.push(`${task} landed twice`)
    if (of !== undefined) repaired.add(of)
    lands.set(task, assignment)
    landed.push(task)
  }
  for (const { id } of tasks) if (!landed.includes(id)) problems.push(`no event says ${id} landed`)
  for (const [task, id] of open) problems.push(`${id} of ${task} never ended`)
  return problems
}

/** The chain holds, nothing is claimed any more by workers, and nothing of them is left on the disk. */
async function judgeMachine(machine: Machine): Promise<string[]> {
  const { name, cwd } = machine
  const verified = await machine.must('audit/verify', { cwd })
  const { claims } = await machine.must('claims', { cwd })
  const left = claims.filter(({ session }) => session.startsWith('asg_'))
  return [
    ...(verified.ok ? [] : [`the audit log of ${name} is broken`]),
    ...left.map(({ id, pattern }) => `${name} knows the claim ${id} on ${pattern} of a worker`),
  ]
}

async function fleetEvents(machine: Machine): Promise<Events> {
  const events = await machine.events()
  return events.filter(({ kind }) => /^(?:assignment|merge)\./.test(kind))
}

function told(events: Events): string {
  return events.map(({ kind, data }) => `${kind} ${JSON.stringify(data)}`).join('\n')
}
