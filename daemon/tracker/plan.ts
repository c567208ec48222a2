// The plan files of a checkout as a tracker: the default, and the one that calls nobody.
import { SkeinError } from '../../protocol/index.ts'
import type { Issue, PlanPlace, Tracker } from '../ports-tracker.ts'
import { findTask, openBlockers, readPlans, type Planned, type Plans } from '../tasks/plans.ts'
import { readFileLine } from './body-files.ts'
import { capabilitiesOf } from './issue.ts'
import { noteOnce } from './notes.ts'
import { addTaskOnce } from './plan-edit.ts'
import { lineOf } from './text.ts'

/** As many as are read of a forge. */
const ISSUES_MAX = 1_000

/** @param checkout null: the caller has none, and there are no plans to read */
export function createPlanTracker(checkout: PlanPlace | null): Tracker {
  const plansHere = (): Promise<Plans> => {
    const { root, planPath } = placeOf(checkout)
    return readPlans(root, planPath)
  }
  return {
    kind: 'plan',
    pullRequests: null,
    async issues(signal) {
      const plans = await plansHere()
      signal.throwIfAborted()
      const open = openTasks(plans)
      return {
        issues: open.slice(0, ISSUES_MAX).map((planned) => issueOf(plans, planned)),
        isPartial: open.length > ISSUES_MAX,
        problems: plans.problems.map(({ file, problem }) => `${lineOf(file, 200)}: ${problem}`),
      }
    },
    issue: async (task) => issueNamed(await plansHere(), task),
    comment: async (task, marker, body) =>
      Promise.resolve(noteOnce(placeOf(checkout).root, task, marker, body)),
    async createIssue(wanted) {
      const plans = await plansHere()
      const { task, already } = addTaskOnce(placeOf(checkout).root, plans, wanted)
      const issue = issueNamed(await plansHere(), task)
      if (issue === null) throw unsupported(`add the task ${task} to a plan that it can read again`)
      return { issue, already }
    },
    editBody: async () => Promise.reject(unsupported('change what a plan says of a task')),
    close: async (task) =>
      Promise.reject(
        unsupported('complete a task in its plan', `skein task complete ${lineOf(task, 100)}`),
      ),
  }
}

/** Not complete; the active plan's first, each id once. */
function openTasks({ plans, active }: Plans): readonly Planned[] {
  const inOrder = [...plans].sort((a, b) => Number(b === active) - Number(a === active))
  const seen = new Set<string>()
  return inOrder.flatMap((plan) =>
    plan.tasks.flatMap((task): readonly Planned[] => {
      if (task.status === 'complete' || seen.has(task.id)) return []
      seen.add(task.id)
      return [{ task, plan }]
    }),
  )
}

function issueNamed(plans: Plans, task: string): Issue | null {
  const [first, ...others] = findTask(plans, task)
  if (first === undefined) return null
  const issue = issueOf(plans, first)
  const also = others.map(({ plan }) => lineOf(plan.file, 200)).join(', ')
  return also === '' ? issue : { ...issue, notes: [...issue.notes, `it stands in ${also}, too`] }
}

function issueOf(plans: Plans, planned: Planned): Issue {
  const { id, name, status, files, labels, text } = planned.task
  const words = files.flatMap((file) => readFileLine(file, true))
  return {
    task: id,
    number: null,
    title: name,
    body: text,
    labels,
    url: null,
    isOpen: status !== 'complete',
    files: words.flatMap((word) => (word.kind === 'pattern' ? [word.text] : [])),
    after: openBlockers(plans, planned),
    capabilities: capabilitiesOf(labels),
    notes: words.flatMap((word) =>
      word.kind === 'bad'
        ? [`\`${lineOf(word.text, 100)}\` in files is left out: ${word.problem}`]
        : [],
    ),
  }
}

function placeOf(checkout: PlanPlace | null): PlanPlace {
  if (checkout !== null) return checkout
  throw unsupported('read plans without a checkout', 'Type it in a checkout of the repository.')
}

function unsupported(what: string, hint?: string): SkeinError {
  return new SkeinError(
    'TRACKER_UNSUPPORTED',
    `The plan files of a checkout cannot do this: ${what}.`,
    {
      ...(hint === undefined ? {} : { hint }),
      data: { tracker: 'plan' },
    },
  )
}
