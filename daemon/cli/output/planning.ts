// Plans as people read them: what is proposed and where, what is not and why, and what to type next.
import type { OperationResult } from '../../../protocol/index.ts'
import { table, type Column, type Page } from './page.ts'
import { nextSteps } from './people.ts'
import { count } from './text.ts'
import { relative } from './time.ts'

type Plan = OperationResult<'plan'>
type Failed = OperationResult<'approve'>['failed'][number]

const PROPOSED: readonly Column[] = [
  { title: 'ID', rank: null },
  { title: 'TASK', rank: 5, widthMin: 10, style: 'strong' },
  { title: 'MACHINE', rank: 4, widthMin: 8 },
  { title: 'HOW', rank: null },
  { title: 'FILES', rank: 1, widthMin: 8, isOptional: true },
  { title: 'WHY', rank: 2, widthMin: 16, isOptional: true, style: 'quiet' },
]
const LEFT: readonly Column[] = [
  { title: 'NOT PROPOSED', rank: 4, widthMin: 12 },
  { title: 'REASON', rank: null },
  { title: 'SINCE', rank: null, isOptional: true },
  { title: 'WHAT', rank: 3, widthMin: 24 },
  { title: 'NEXT', rank: 1, widthMin: 12, isOptional: true, style: 'quiet' },
]

export function planFace(result: Plan, page: Page): readonly string[] {
  const { proposals, left, warnings, silent, stored } = result
  return [
    ...(proposals.length === 0 ? ['Nothing to propose.'] : proposalLines(proposals, page)),
    ...(left.length === 0 ? [] : ['', ...leftLines(left, page)]),
    ...(silent.length === 0 ? [] : ['', `Not asked, for they do not answer: ${silent.join(', ')}`]),
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps(stored && proposals.length > 0 ? APPROVE : [], page),
  ]
}

const APPROVE = [
  ['skein approve --all', 'give them all'],
  ['skein approve TASK', 'give one'],
] as const

/** An id's end is enough to name it. */
const SHORT = 6

export function proposalLines(proposals: Plan['proposals'], page: Page): readonly string[] {
  const rows = proposals.map(({ id, task, machine, launcher, model, files, rationale }) => [
    id.slice(-SHORT),
    task,
    machine,
    model === null ? launcher : `${launcher} ${model}`,
    files.join(' '),
    rationale,
  ])
  return table(PROPOSED, rows, page)
}

function leftLines(left: Plan['left'], page: Page): readonly string[] {
  const rows = left.map(({ task, kind, note, since, next }) => [
    ...[task, kind, since === null ? '' : relative(since, page.nowMs), note, next ?? ''],
  ])
  return table(LEFT, rows, page)
}

export function approveFace(
  { approved, failed, would, warnings }: OperationResult<'approve'>,
  page: Page,
): readonly string[] {
  const [first] = approved
  return [
    ...would.map(({ task, machine }) => `would give ${task} to ${machine}`),
    ...approved.map(({ worker, already }) => {
      const word = page.paint('good', already ? 'given before' : 'given')
      return `${word} ${worker.task} to ${worker.machine}: ${worker.id}, branch ${worker.branch}`
    }),
    ...failedLines(failed, page),
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps(
      first === undefined
        ? []
        : [
            ['skein workers', 'how far they are'],
            [`skein watch ${first.worker.id}`, 'what matters of what it says'],
          ],
      page,
    ),
  ]
}

function failedLines(failed: readonly Failed[], page: Page): readonly string[] {
  return failed.map(({ task, code, note, next }) => {
    const then = next === null ? '' : ` (${next})`
    return `${page.paint('bad', 'not')} ${task}: ${note} [${code}]${then}`
  })
}

export function splitFace(
  { task, parts, listed, warnings }: OperationResult<'split'>,
  page: Page,
): readonly string[] {
  return [
    `${task} has ${count(parts.length, 'part')}${listed ? ', and lists them' : ''}:`,
    ...parts.map(({ task: part, title, url, already }) => {
      const where = url === null ? '' : ` ${url}`
      return `  ${part}  ${title}${where}${already ? ' (it was there)' : ''}`
    }),
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
  ]
}

export function notifyFace(
  { told, failed, dry_run: isDry }: OperationResult<'notify'>,
  page: Page,
): readonly string[] {
  if (told.length === 0 && failed.length === 0) return ['Nothing new to tell.']
  return [
    ...told.map(({ task, event, url, already }) => {
      const word = isDry ? 'would tell' : already ? 'told before' : 'told'
      return `${word} ${task}: ${event}${url === null ? '' : ` ${url}`}`
    }),
    ...failedLines(failed, page),
  ]
}
