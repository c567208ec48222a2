// One run: the mesh, the operator who answers and repairs, the faults, and what must be true at the end.
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { OperationResult } from '../../../protocol/index.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'
import { heal, isolate, REPO, startMesh, type Machine, type TestMesh } from '../../helpers/mesh.ts'
import { git, makeFolder, writeIn } from '../../helpers/repo.ts'
import { judgeRun } from './judge-run.ts'
import { CHECK, makePlan, type Task } from './plan.ts'

export interface FleetRun {
  readonly tasks: number
  readonly withinMs: number
  /** Without a kill and a cut. */
  readonly isCalm: boolean
  readonly say: (line: string) => void
}

export interface FleetReport {
  readonly lines: readonly string[]
  readonly problems: readonly string[]
}

export type WorkerJson = OperationResult<'stop'>['worker']

const NAMES = ['ada', 'bob', 'cyd']
const AGENT = fileURLToPath(new URL('../../helpers/scripted-agent.mjs', import.meta.url))
const IDENTITY = {
  ...{ GIT_AUTHOR_NAME: 'worker', GIT_AUTHOR_EMAIL: 'worker@example.org' },
  ...{ GIT_COMMITTER_NAME: 'worker', GIT_COMMITTER_EMAIL: 'worker@example.org' },
}
const LOOK_MS = 1_000
/** Longer than any honest worker of this run. */
const HANGING_MS = 20_000
const CUT_MS = 15_000
const DOWN_MS = 4_000

export async function runFleet(cleaner: Cleaner, run: FleetRun): Promise<FleetReport> {
  const folder = makeFolder(cleaner)
  const agent = path.join(folder, 'agent')
  writeFileSync(agent, `#!/bin/sh\nexec '${process.execPath}' '${AGENT}' "$@"\n`)
  chmodSync(agent, 0o755)
  const mesh = await startMesh(cleaner, {
    ...{ names: NAMES, voters: 3, lines: true },
    env: { ...IDENTITY, AGENT_MARKS: path.join(folder, 'marks') },
    configOf: (name) => configOf(name, agent),
  })
  const tasks = makePlan(run.tasks)
  const origin = await publish(mesh, tasks)
  const startedAt = Date.now()
  const operator = new Operator(mesh, run)
  const faults = run.isCalm ? [] : [killOne(mesh, operator, run), cutOne(mesh, operator, run)]
  const isDone = await operator.work(tasks, startedAt + run.withinMs)
  await Promise.all(faults)
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0)
  const lines = [
    `${String(operator.landed.size)} of ${String(tasks.length)} landed in ${seconds} s`,
  ]
  if (!isDone)
    return { lines, problems: ['not all has landed in time', ...(await operator.rest())] }
  const problems = await judgeRun(cleaner, mesh, origin, tasks)
  return { lines: [...lines, ...operator.deeds], problems }
}

function configOf(name: string, agent: string): string {
  const others = NAMES.filter((other) => other !== name).join(', ')
  return `fleet:
  accept: [${others}]
  repos: [${REPO}]
  max_workers: 3
  stagger: 0s
  auto: [plan]
  land: auto
  launchers:
    agent: { kind: claude, command: '${agent}' }
`
}

async function publish({ machines }: TestMesh, tasks: readonly Task[]): Promise<string> {
  const [first] = machines
  if (first === undefined) throw new Error('nobody')
  const origin = git(first.cwd, 'remote', 'get-url', 'origin').trim()
  git(origin, 'config', 'receive.denyCurrentBranch', 'ignore')
  const yml = `repo: ${REPO}\ncommands: { test: sh check.sh }\nfleet: { launcher: agent }\n`
  writeIn(origin, '.skein.yml', yml)
  writeIn(origin, 'check.sh', CHECK)
  writeIn(origin, 'context/plan.json', JSON.stringify({ plan_name: 'run', tasks }, null, 2))
  git(origin, 'add', '--all')
  git(origin, 'commit', '--quiet', '--message', 'the plan')
  for (const machine of machines) {
    git(machine.cwd, 'pull', '--quiet', '--ff-only')
    await machine.must('trust', { cwd: machine.cwd, yes: true })
  }
  return origin
}

/** A person who looks at the workers now and then, and does what they are told to do. */
class Operator {
  readonly landed = new Set<string>()
  readonly deeds: string[] = []
  readonly #mesh: TestMesh
  readonly #run: FleetRun
  /** Not asked while they are down or cut off. */
  readonly away = new Set<Machine>()
  readonly #dealtWith = new Set<string>()
  #isOver = false

  constructor(mesh: TestMesh, run: FleetRun) {
    this.#mesh = mesh
    this.#run = run
  }

  async work(tasks: readonly Task[], deadline: number): Promise<boolean> {
    while (Date.now() < deadline) {
      await this.#look()
      if (tasks.every(({ id }) => this.landed.has(id)) && this.away.size === 0) {
        this.#isOver = true
        return true
      }
      await delay(LOOK_MS)
    }
    this.#isOver = true
    return false
  }

  /** What has not landed, and why. */
  async rest(): Promise<string[]> {
    const workers = await this.#workers()
    const open = workers.filter(({ task }) => !this.landed.has(task))
    const plan = await this.#call('plan', { dry_run: true })
    const told = open.map(
      ({ task, id, state, note, blocker }) =>
        `${task} ${id} ${state} ${note ?? ''} ${JSON.stringify(blocker)}`,
    )
    return [...told, `plan: ${JSON.stringify(plan).slice(0, 4_000)}`]
  }

  /** Resolves once so many have landed, or the run is over. */
  async until(count: number): Promise<void> {
    while (this.landed.size < count && !this.#isOver) await delay(200)
  }

  async #look(): Promise<void> {
    for (const worker of await this.#workers()) {
      if (worker.landing?.state === 'landed' && !this.landed.has(worker.task)) {
        this.landed.add(worker.task)
        this.#run.say(`${worker.task} landed (${String(this.landed.size)})`)
      }
      await this.#deal(worker)
    }
  }

  async #deal({ id, task, state, state_at, landing, blocker, note }: WorkerJson): Promise<void> {
    if (state === 'waiting' && blocker?.kind === 'question')
      await this.#once(`${id} ${state_at}`, `answered ${task}: ${note ?? ''}`, 'resume-stuck', {
        ...{ id, guidance: 'the first of both' },
      })
    const isHanging = state === 'running' && Date.now() - Date.parse(state_at) > HANGING_MS
    if (isHanging) await this.#once(`${id} stop`, `stopped ${task}`, 'stop', { id })
    if (state === 'stopped' || state === 'empty')
      await this.#once(`${id} retry`, `tried ${task} again`, 'retry', { id })
    if (state === 'succeeded' && landing?.state === 'blocked')
      await this.#once(`${id} fix`, `had ${task} mended: ${landing.reason ?? ''}`, 'fix', { id })
  }

  async #once(key: string, deed: string, name: string, input: object): Promise<void> {
    if (this.#dealtWith.has(key)) return
    const result = await this.#call(name, input)
    if (result === null) return
    this.#dealtWith.add(key)
    this.deeds.push(deed)
    this.#run.say(deed)
  }

  async #workers(): Promise<readonly WorkerJson[]> {
    const told = (await this.#call('workers', { all: true })) as OperationResult<'workers'> | null
    return told?.workers ?? []
  }

  /** Null: not now. What is refused for good shows in the end. */
  async #call(name: string, input: object): Promise<unknown> {
    const machine = this.#mesh.machines.find((one) => !this.away.has(one))
    if (machine === undefined) return null
    const who = { cwd: machine.cwd, session: 'operator', agent: 'operator' }
    const { result, error } = await machine.client
      .call(name as 'workers', { ...who, ...input })
      .catch((thrown: unknown) => ({ result: null, error: { code: String(thrown), message: '' } }))
    if (error === null) return result
    this.#run.say(`(${name}: ${error.code} ${error.message})`)
    // Somebody else has seen to it.
    return error.code === 'TASK_COMPLETED' ? {} : null
  }
}

async function killOne(mesh: TestMesh, operator: Operator, run: FleetRun): Promise<void> {
  await operator.until(Math.floor(run.tasks / 4))
  const bob = mesh.machine('bob')
  operator.away.add(bob)
  await bob.kill()
  run.say('bob was killed')
  await delay(DOWN_MS)
  await bob.startAlone()
  run.say('bob is back')
  operator.away.delete(bob)
}

async function cutOne(mesh: TestMesh, operator: Operator, run: FleetRun): Promise<void> {
  await operator.until(Math.floor(run.tasks / 2))
  const cyd = mesh.machine('cyd')
  operator.away.add(cyd)
  await isolate(mesh, cyd)
  run.say('cyd is cut off')
  await delay(CUT_MS)
  await heal(mesh)
  run.say('cyd is healed')
  operator.away.delete(cyd)
}
