// Where work stands, for the end of a day and for its beginning.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Page } from './page.ts'
import { nextSteps } from './people.ts'
import { proposalLines } from './planning.ts'
import { relative } from './time.ts'

type Standing = Omit<OperationResult<'done'>, 'ended' | 'housekeeping' | 'warnings'>
type Worker = Standing['running'][number]
type Step = readonly [command: string, why: string]

export function doneFace(result: OperationResult<'done'>, page: Page): readonly string[] {
  const head = result.ended
    ? page.paint('good', 'The day is ended.')
    : page.paint('warning', 'Workers still run: the day is not ended.')
  const steps: readonly Step[] = result.ended
    ? []
    : [['skein done --keep-running', 'end it, and let them run on']]
  const { housekeeping, warnings } = result
  return [
    head,
    ...standingLines(result, page),
    ...housekeeping.map(({ command, ok, note }) => {
      const word = ok ? page.paint('good', 'ran') : page.paint('bad', 'failed')
      return `  ${word}: ${command}${note === '' ? '' : ` (${note})`}`
    }),
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps([...steps, ...stepsOf(result)], page),
  ]
}

export function resumeFace(result: OperationResult<'resume'>, page: Page): readonly string[] {
  const { clean, ended_at: ended, proposals } = result
  const last =
    ended === null
      ? 'No day was ended here yet'
      : `The last day ended ${relative(ended, page.nowMs)}`
  const how = clean ? ', and nothing was given since.' : ': work was given since, or goes on.'
  return [
    `${last}${how}`,
    ...standingLines(result, page),
    ...(proposals.length === 0 ? [] : ['', 'Proposed:', ...proposalLines(proposals, page)]),
    ...nextSteps(
      proposals.length === 0
        ? stepsOf(result)
        : [...stepsOf(result), ['skein approve --all', 'give what is proposed']],
      page,
    ),
  ]
}

function standingLines(standing: Standing, page: Page): readonly string[] {
  const { running, waiting, failed, unlanded, landed, costs, cost_usd: sum } = standing
  const parts: readonly (readonly [string, readonly Worker[]])[] = [
    ['running', running],
    ['asks a person', waiting],
    ['failed', failed],
    ['has not landed', unlanded],
    ['landed', landed],
  ]
  const told = parts.flatMap(([word, workers]) =>
    workers.map((worker) => `  ${word}: ${workerLine(worker, page)}`),
  )
  const paid = costs.filter(({ cost_usd: cost }) => cost > 0)
  return [
    ...told,
    ...paid.map(({ launcher, model, workers, cost_usd: cost }) => {
      const how = model === null ? launcher : `${launcher} ${model}`
      return `  $${cost.toFixed(2)}: ${how}, of ${String(workers)}`
    }),
    ...(sum > 0 ? [`  $${sum.toFixed(2)} in all`] : []),
  ]
}

function workerLine({ id, task, machine, state_at: since, note }: Worker, page: Page): string {
  const said = note === null ? '' : `, ${note}`
  return `${task} on ${machine}, ${relative(since, page.nowMs)}${said} (${id})`
}

function stepsOf({ waiting, failed, unlanded }: Standing): readonly Step[] {
  const [asks] = waiting
  const [wrong] = failed
  const [whole] = unlanded
  return [
    ...(asks === undefined
      ? []
      : [[`skein resume-stuck ${asks.id} --guidance TEXT`, 'answer it'] as const]),
    ...(wrong === undefined ? [] : [[`skein log ${wrong.id}`, 'why it failed'] as const]),
    ...(whole === undefined ? [] : [[`skein merge ${whole.id}`, 'land it'] as const]),
  ]
}
