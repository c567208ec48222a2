// The tracker of a project on a forge, whichever of the two: what they share; dialect.ts says in what they differ.
import { SkeinError } from '../../protocol/index.ts'
import type { PullRequests, Tracker } from '../ports-tracker.ts'
import { commentOnce } from './comments.ts'
import { numberOf } from './issue.ts'
import { createIssueOnce, listIssues, rawIssue, readIssue, type Forge } from './issues.ts'
import { mergePull, type Pause } from './merging.ts'
import { createTurns } from './once.ts'
import { openPull, pullOf, pullOfBranch, readPull } from './pulls.ts'
import { withSection } from './section.ts'

export interface ForgeTrackerOptions extends Forge {
  readonly pause: Pause
}

export function createForgeTracker(options: ForgeTrackerOptions): Tracker {
  const turn = createTurns()
  const commentOn: PullRequests['comment'] = (number, marker, body, signal) =>
    turn(`comment ${String(number)} ${marker}`, () =>
      commentOnce({ ...options, number }, marker, body, signal),
    )
  return {
    kind: options.dialect.kind,
    pullRequests: createPullRequests(options, turn, commentOn),
    issues: (signal) => listIssues(options, signal),
    issue(task, signal) {
      const number = numberOf(task)
      return number === null ? Promise.resolve(null) : readIssue(options, number, signal)
    },
    comment: async (task, marker, body, signal) =>
      commentOn(issueNumber(options, task), marker, body, signal),
    createIssue: (issue, signal) =>
      turn(`create ${issue.marker}`, () => createIssueOnce(options, issue, signal)),
    async editBody(task, marker, section, signal) {
      const number = issueNumber(options, task)
      await turn(`body ${task}`, () => editBody(options, number, marker, section, signal))
    },
    async close(task, signal) {
      await change(options, issueNumber(options, task), { state: 'closed' }, signal)
    },
  }
}

function createPullRequests(
  options: ForgeTrackerOptions,
  turn: ReturnType<typeof createTurns>,
  comment: PullRequests['comment'],
): PullRequests {
  return {
    open: (wanted, signal) =>
      turn(`open ${wanted.target} ${wanted.branch}`, () => openPull(options, wanted, signal)),
    async get(which, signal) {
      if (typeof which === 'string') return pullOfBranch(options, which, signal)
      const raw = await readPull(options, which, signal)
      return raw === null ? null : pullOf(raw)
    },
    merge: (number, how, signal) =>
      turn(`merge ${String(number)}`, () =>
        mergePull(options, { number, ...how }, options.pause, signal),
      ),
    comment,
  }
}

async function editBody(
  forge: Forge,
  number: number,
  marker: string,
  section: string,
  signal: AbortSignal,
): Promise<void> {
  const raw = await rawIssue(forge, number, signal)
  if (raw === null) throw unknownIssue(forge, `#${String(number)}`)
  const before = raw.body ?? ''
  const body = withSection(before, marker, section)
  if (body !== before) await change(forge, number, { body }, signal)
}

async function change(
  { client }: Forge,
  number: number,
  fields: object,
  signal: AbortSignal,
): Promise<void> {
  const written = await client.write('PATCH', `issues/${String(number)}`, fields, signal)
  if (written.kind !== 'done') throw written.error
}

function issueNumber(forge: Forge, task: string): number {
  const number = numberOf(task)
  if (number === null) throw unknownIssue(forge, task)
  return number
}

function unknownIssue({ client, dialect }: Forge, what: string): SkeinError {
  return new SkeinError(
    'TRACKER_REFUSED',
    `${dialect.kind} has no issue ${what} in ${client.project}.`,
    {
      hint: 'Its tasks are called issue-NUMBER.',
      data: { tracker: dialect.kind, project: client.project },
    },
  )
}
