// A run of a worker is made ready and started: its worktree, its order, its supervisor. Each step may be done again, so a daemon that
// died in the middle of one goes on where it stood.
import { spawn } from 'node:child_process'
import { SkeinError, type AssignmentFailure } from '../../protocol/index.ts'
import { sizeOf, type WorkerOrder } from './files.ts'
import { parentOf, type Job, type WorkerAround } from './job.ts'
import { launchEnv, launchInput, launchWords } from './launchers.ts'
import type { Launcher, LaunchTerms } from './launchers/launcher.ts'
import { continuationPrompt, keptWords } from './prompts.ts'
import type { WorkerRuns } from './runs.ts'
import { agentOf, wordsOf, worktreeOf } from './worker-words.ts'

/** Why there is nothing to start. */
export interface NoLaunch {
  readonly reason: AssignmentFailure
  readonly note: string
}

/** The settings are asked once more: they may have changed since the assignment came. @returns null: its supervisor is started */
export async function launch(
  around: WorkerAround,
  runs: WorkerRuns,
  job: Job,
): Promise<NoLaunch | null> {
  let launcher: Launcher
  try {
    launcher = around.accept(job)
  } catch (error) {
    return { reason: 'refused', note: wordsOf(error) }
  }
  try {
    if (runs.files().order() === null) await writeOrder(around, runs, job, launcher)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return { reason: REASONS[error.code] ?? 'worktree', note: wordsOf(error) }
  }
  startSupervisor(around, runs, job, launcher)
  return null
}

/** Of anything else it is the worktree that could not be made. */
const REASONS: Readonly<Partial<Record<string, AssignmentFailure>>> = {
  BRANCH_DIVERGED: 'diverged',
  ASSIGNMENT_REFUSED: 'refused',
}

async function writeOrder(
  around: WorkerAround,
  runs: WorkerRuns,
  job: Job,
  launcher: Launcher,
): Promise<void> {
  const { repo, assignment } = job
  const { kind, command } = launcher
  const isFirst = runs.number() === 1
  const { base, words } = await makeWorktree(around, job, isFirst)
  const { type, costUsd = 0, turns = 0, answer, prompt } = assignment
  const header = `# run ${String(runs.number())}: ${answer?.by ?? 'a person'} answered`
  const order: WorkerOrder = {
    ...{ repo: repo.id, kind, command, args: launchWords(launcher, termsOf(around, job)) },
    ...{ cwd: worktreeOf(around.home, assignment), base, logFrom: sizeOf(runs.log) },
    ...(isFirst ? {} : { header, before: { costUsd, turns } }),
  }
  const told = isFirst ? prompt + words : continuationPrompt(assignment, answer)
  runs.files().writeOrder(order, launchInput(launcher, type, told))
}

function termsOf({ home, bridge, budgetOf }: WorkerAround, { assignment }: Job): LaunchTerms {
  const { type, model, conversation = null } = assignment
  const worktree = worktreeOf(home, assignment)
  return { type, model, conversation, budgetUsd: budgetOf(), worktree, bridge }
}

/** Names a run for good on this machine. */
export function runName(runs: WorkerRuns, { assignment }: Job): string {
  return `${assignment.id}/${String(runs.number())}`
}

/** @returns where its commits begin, and what the worker is told of it beside its task */
async function makeWorktree(
  around: WorkerAround,
  job: Job,
  isFirst: boolean,
): Promise<{ readonly base: string; readonly words: string }> {
  const { repo, assignment } = job
  const { type, branch, peer } = assignment
  const folder = worktreeOf(around.home, assignment)
  const { root, trunk } = await around.cloneOf(repo)
  const parent = parentOf(job)
  if (type !== 'work') return { base: await lookAt(around, job, root, folder), words: '' }
  const continues = !isFirst || parent?.peer === peer
  const begun = await around.git.addWorktree(root, folder, branch, trunk, continues)
  const base = isFirst ? begun : (assignment.base ?? begun)
  const wip = isFirst && parent?.peer === peer ? parent.wip : undefined
  if (wip === undefined) return { base, words: '' }
  const isRestored = await around.restoreWork(repo, folder, wip)
  return { base, words: `\n\n${keptWords(wip, isRestored)}` }
}

/** What is looked at is what was pushed, and stays that while it is looked at. */
async function lookAt(
  around: WorkerAround,
  job: Job,
  root: string,
  folder: string,
): Promise<string> {
  const { assignment } = job
  const commit = assignment.base ?? parentOf(job)?.commit
  if (commit === undefined) {
    const message = `${assignment.of ?? 'nothing'} has pushed nothing that could be looked at`
    throw new SkeinError('REPO_NOT_GIT', message)
  }
  await around.git.addDetached(root, folder, assignment.branch, commit)
  return commit
}

function startSupervisor(
  around: WorkerAround,
  runs: WorkerRuns,
  job: Job,
  launcher: Launcher,
): void {
  const { home, env, supervisor, note } = around
  const [program = '', ...words] = supervisor
  const child = spawn(program, [...words, runs.files().folder], {
    ...{ cwd: '/', detached: true, stdio: 'ignore' },
    env: { ...env, ...launchEnv(launcher, termsOf(around, job)), ...identity(home, job) },
  })
  child.once('error', (error) => {
    note(job.assignment, 'the supervisor of a worker did not start', { error: error.message })
  })
  child.unref()
}

/** Who the worker is to skein, and what it works on. */
function identity(home: string, { repo, assignment }: Job): Record<string, string> {
  const { id, task, branch } = assignment
  return {
    ...{ SKEIN_HOME: home, SKEIN_SESSION: id, SKEIN_AGENT: agentOf(repo, assignment) },
    ...{ SKEIN_ASSIGNMENT: id, SKEIN_TASK: task, SKEIN_BRANCH: branch },
  }
}
