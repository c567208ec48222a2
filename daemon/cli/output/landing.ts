// Verdicts and landings as people read them: one line for each, with the next command.
import type { OperationResult } from '../../../protocol/index.ts'
import { workerLines } from './fleet.ts'
import type { Page, Style } from './page.ts'
import { nextSteps } from './people.ts'

type Merged = OperationResult<'merge'>
type Entry = Merged['entries'][number]

export function testFace({ id, verdict, already }: OperationResult<'test'>, page: Page) {
  if (verdict === null) return []
  const { outcome, commit, note } = verdict
  const isGood = outcome === 'pass'
  const word = page.paint(isGood ? 'good' : 'bad', isGood ? 'PASSED' : 'FAILED')
  const about = `${id} at ${commit.slice(0, 12)}`
  return [
    `${word} ${about}${note === '' ? '' : `: ${note}`}${already ? ' (recorded before)' : ''}`,
    ...nextSteps(
      isGood ? [[`skein merge ${id}`, 'land it']] : [[`skein fix ${id}`, 'have it mended']],
      page,
    ),
  ]
}

export function reviewFace(result: OperationResult<'review'>, page: Page): readonly string[] {
  const { worker, already, independent, warnings } = result
  const word = already ? 'under review before' : 'under review'
  const where = independent ? `on ${worker.machine}` : `on ${worker.machine}, where it was done`
  return [
    `${page.paint('good', word)} ${worker.of ?? ''} ${where}: ${worker.id}`,
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps([[`skein wait ${worker.id} --for 1h`, 'for the verdict']], page),
  ]
}

export function prFace(
  { number, url, already, review, warnings }: OperationResult<'pr'>,
  page: Page,
) {
  return [
    `${page.paint('good', already ? 'open' : 'opened')} #${String(number)} ${url ?? ''}`.trimEnd(),
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...(review === null ? [] : workerLines(review, page)),
  ]
}

export function mergeFace({ entries, target, warnings }: Merged, page: Page): readonly string[] {
  const kept = entries.filter(({ next }) => next !== null)
  const nothing = entries.length === 0 ? [`Nothing waits to land on ${target}.`] : []
  return [
    ...nothing,
    ...entries.map((entry) => entryLine(entry, page)),
    ...warnings.map((warning) => page.paint('warning', `WARNING: ${warning}`)),
    ...nextSteps(
      kept.slice(0, STEPS_TOLD).map(({ next, task }) => [next ?? '', task] as const),
      page,
    ),
  ]
}

const STEPS_TOLD = 3

const STYLES: Readonly<Record<Entry['state'], Style>> = {
  ...{ landed: 'good', ready: 'good', blocked: 'bad', waiting: 'warning', dropped: 'quiet' },
}

function entryLine({ state, id, task, branch, target, reason, note, commit }: Entry, page: Page) {
  const why = [reason, note].filter((text) => text !== null && text !== '').join(': ')
  const what = commit === null ? why : commit.slice(0, 12)
  const line = `${page.paint(STYLES[state], state)} ${task} (${id}) ${branch} -> ${target}`
  return what === '' ? line : `${line} ${what}`
}

export function trustFace(result: OperationResult<'trust'>, page: Page): readonly string[] {
  const { repo, state, commands, diff, approved } = result
  if (state === 'none') return [`${repo} declares no commands (.skein.yml: commands).`]
  const isApproved = state === 'approved'
  const lines = isApproved || approved === null ? commands.map((line) => `  ${line}`) : diff
  const by = approved === null ? '' : ` by ${approved.by} at ${approved.at}`
  return [
    isApproved
      ? `${page.paint('good', 'approved')}${by}: what runs here for ${repo}`
      : `${page.paint('warning', 'not approved')}: what ${repo} would have run here`,
    ...lines,
    ...(isApproved ? [] : nextSteps([['skein trust', 'approve them']], page)),
  ]
}
