// Verdicts on workers' work, and its way to the branch that it is for. What takes long is a run of this daemon: the call that starts it
// tells its first words, further ones follow it.
import {
  asAssignmentId,
  FLEET_LIMITS,
  iso,
  SkeinError,
  type OperationInput,
  type OperationResult,
  type Party,
  type Verdict,
} from '../../protocol/index.ts'
import { hashOfCommands, isNone, linesOf, diffOfCommands } from '../checks/trust.ts'
import { clean, type Place } from '../callers.ts'
import { cloneOf } from '../clones.ts'
import type { MergeEntry, Merged } from '../ports-landing.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { requirePerson, type Handler, type Parts } from './context.ts'
import { startReview } from './landing-review.ts'
import { pushedWork, type Pushed } from './landing-work.ts'

type Tested = OperationResult<'test'>
type Judged = Pick<Tested, 'commit' | 'verdict' | 'already'>

export const test: Handler<OperationInput<'test'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const assignment = pushedWork(place, input.id)
  const { id } = assignment
  if (input.passed === true || input.fail === true) {
    const outcome = input.passed === true ? 'pass' : 'fail'
    const judged = await judge(parts, place, party, assignment, outcome, input.reason ?? '')
    const told: Tested = {
      ...{ run: null, ended: true, text: '', next: 0, id, failed: false },
      ...judged,
    }
    return told
  }
  const { runs } = parts.landing
  const key = `test ${id} ${assignment.commit}`
  const run = input.run ?? runs.start(key, (say) => runTest(parts, place, party, assignment, say))
  const waitMs = (input.wait_s ?? 0) * 1000
  const { text, next, end } = await runs.follow(run, input.since ?? 0, waitMs, context.signal)
  const open: Judged = { commit: assignment.commit, verdict: null, already: false }
  const judged = end === null ? open : (end.result as Judged)
  const failed = judged.verdict?.outcome === 'fail'
  const told: Tested = { run, ended: end !== null, text, next, id, failed, ...judged }
  return told
}

async function runTest(
  parts: Parts,
  place: Place,
  party: Party,
  assignment: Pushed,
  say: (text: string) => void,
): Promise<Judged> {
  const { git, checks } = parts.landing
  const { id, commit, branch } = assignment
  const { root } = await cloneOf(clonesOf(parts), place.repo)
  await git.fetch(root, [branch])
  if (!(await git.has(root, commit)))
    throw new SkeinError('REPO_NOT_GIT', `the remote has ${commit.slice(0, 12)} of ${id} no more`)
  const of = { repo: place.repo.id, root, commit }
  const outcome = await checks.run(of, say, new AbortController().signal)
  switch (outcome.kind) {
    case 'passed':
      return judge(parts, place, party, assignment, 'pass', '')
    case 'failed':
      return judge(parts, place, party, assignment, 'fail', `${outcome.step}: ${outcome.note}`)
    case 'none':
      throw new SkeinError('NOT_FOUND', 'its .skein.yml declares neither a build nor a test', {
        hint: `skein test ${id} --passed`,
      })
    case 'unapproved':
      throw unapproved(outcome.diff, `skein trust ${id}`)
  }
}

function unapproved(diff: readonly string[], hint: string): SkeinError {
  const first = diff.slice(0, LINES_TOLD).map(clean).join(' | ')
  const message = `nobody on this machine approved these commands: ${first}`
  return new SkeinError('COMMANDS_UNAPPROVED', message, { hint, data: { diff } })
}

const LINES_TOLD = 5

/** The same said twice is recorded once. */
async function judge(
  parts: Parts,
  place: Place,
  party: Party,
  { id, commit }: Pushed,
  outcome: Verdict['outcome'],
  reason: string,
): Promise<Judged> {
  const host = hostOf(place.repo)
  const note = clean(reason).slice(0, FLEET_LIMITS.noteCharactersMax)
  const { machine } = parts.about
  const verdict = {
    kind: 'test',
    outcome,
    commit,
    by: party.agent,
    machine,
    from: null,
    note,
  } as const
  const before = host.loop.view().state.assignments.get(id)?.verdicts.test
  const already =
    before?.outcome === outcome &&
    before.commit === commit &&
    before.by === verdict.by &&
    before.note === note
  if (!already) await submit(host, { kind: 'judge-assignment', id, verdict })
  const atMs = already ? before.atMs : parts.clock.wall()
  return { commit, already, verdict: { ...verdict, stale: false, at: iso(atMs) } }
}

/** How long a run waits while another machine lands. */
const WAIT_SECONDS = 600

export const merge: Handler<OperationInput<'merge'>> = async (parts, input, context) => {
  if (input.drop === true) requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const ids = input.ids?.map(asAssignmentId) ?? null
  const { target = null, method = 'rebase' } = input
  if (input.drop === true) return drop(parts, place, party, input.ids ?? [])
  const { runs, queue } = parts.landing
  const isDryRun = input.dry_run === true
  const wish = { ids, target, method, isDryRun, waitSeconds: WAIT_SECONDS }
  const key = `merge ${place.repo.id} ${JSON.stringify(wish)}`
  const run = input.run ?? runs.start(key, (say) => queue.run(place.repo, wish, say))
  const waitMs = (input.wait_s ?? 0) * 1000
  const { text, next, end } = await runs.follow(run, input.since ?? 0, waitMs, context.signal)
  const open: Merged = { target: target ?? '', entries: [], warnings: [] }
  const merged = end === null ? open : (end.result as Merged)
  const told: OperationResult<'merge'> = { run, ended: end !== null, text, next, ...merged }
  return told
}

/** A person's word that these are not to land. */
async function drop(parts: Parts, place: Place, party: Party, ids: readonly string[]) {
  if (ids.length === 0)
    throw new SkeinError('INPUT_USAGE', 'say which are not to land', {
      hint: 'skein merge --drop ID',
    })
  const works = ids.map((id) => pushedWork(place, id))
  const { trunk } = await cloneOf(clonesOf(parts), place.repo)
  const entries: MergeEntry[] = []
  for (const { id, task, branch, commit, base = '', landing } of works) {
    const target = landing?.target ?? trunk
    await submit(hostOf(place.repo), {
      ...{ kind: 'land-assignment', id, fence: null },
      landing: {
        ...{ state: 'dropped', target, head: commit, base: landing?.base ?? base, commit: null },
        ...{ reason: null, note: '', pull: landing?.pull ?? null, by: party.agent },
      },
    })
    const none = { reason: null, note: '', commit: null, next: null }
    entries.push({ id, task, branch, target, state: 'dropped', head: commit, ...none })
  }
  const target = entries[0]?.target ?? trunk
  const told: OperationResult<'merge'> = {
    ...{ run: null, ended: true, text: '', next: 0, target, entries, warnings: [] },
  }
  return told
}

export const pr: Handler<OperationInput<'pr'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const assignment = pushedWork(place, input.id)
  const opened = await parts.landing.queue.openPull(place.repo, assignment)
  const wantsReview = place.config.fleet.reviews?.auto === true && input.no_review !== true
  const none = { worker: null, warnings: [] }
  const { worker, warnings } = wantsReview
    ? await startReview(parts, place, party, assignment, {})
    : none
  const told: OperationResult<'pr'> = { ...opened, review: worker, warnings }
  return told
}

export const trust: Handler<OperationInput<'trust'>> = async (parts, input, context) => {
  const isShown = input.show === true
  if (!isShown) requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party = parts.callers.asker(input, context)
  const { trust: book, checks } = parts.landing
  const { id: repo } = place.repo
  const commands =
    input.id === undefined
      ? place.config.commands
      : await checks.commandsOf({
          root: (await cloneOf(clonesOf(parts), place.repo)).root,
          commit: pushedWork(place, input.id).commit,
        })
  const hash = hashOfCommands(commands)
  const before = book.approved(repo)
  if (input.hash !== undefined && input.hash !== hash)
    throw new SkeinError('COMMANDS_UNAPPROVED', 'the commands have changed since they were shown')
  if (!isShown && input.revoke === true) book.revoke(repo)
  else if (!isShown && !isNone(commands))
    book.approve(repo, { commands, by: party.agent, atMs: parts.clock.wall() })
  const now = book.approved(repo)
  const state = isNone(commands) ? 'none' : now?.hash === hash ? 'approved' : 'unapproved'
  const told: OperationResult<'trust'> = {
    ...{ repo, state, hash },
    commands: linesOf(commands).map(clean),
    diff: diffOfCommands(before?.commands ?? {}, commands).map(clean),
    approved: now === null ? null : { by: now.by, at: iso(now.atMs) },
  }
  return told
}

function clonesOf({ about, git, history }: Parts) {
  return { home: about.home, git, history }
}
