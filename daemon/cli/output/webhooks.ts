// Webhooks as people read them: where events go, how far they have come, and what to type where they are stuck.
import { shellQuote, type OperationResult } from '../../../protocol/index.ts'
import { nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { until } from './time.ts'

type Hook = OperationResult<'webhooks/list'>['webhooks'][number]

const COLUMNS: readonly Column[] = [
  { title: 'LEDGER', rank: 2, widthMin: 12, style: 'strong' },
  { title: 'TAKEN', rank: null },
  { title: 'LAST', rank: 4, isOptional: true },
  { title: 'GIVEN UP', rank: null },
  { title: 'STATE', rank: 1 },
]

export function webhooksFace(
  { webhooks }: OperationResult<'webhooks/list'>,
  page: Page,
): readonly string[] {
  if (webhooks.length === 0) return ['No webhooks: config.yml has none under `webhooks`.']
  const lines = webhooks.flatMap((hook, at) => [
    ...(at === 0 ? [] : ['']),
    ...hookLines(hook, page),
  ])
  const stuck = webhooks.find(({ ledgers }) =>
    ledgers.some(({ failed, waiting_for: waiting }) => failed > 0 || waiting !== null),
  )
  if (stuck === undefined) return lines
  const name = shellQuote(stuck.name)
  return [
    ...lines,
    ...nextSteps(
      [
        [`skein webhooks test ${name}`, 'does it answer now?'],
        [`skein webhooks retry ${name}`, 'send what it did not take'],
      ],
      page,
    ),
  ]
}

function hookLines(hook: Hook, page: Page): readonly string[] {
  const { name, url, ledgers } = hook
  const rows = ledgers.map((lane) => {
    const { ledger, delivered, delivered_at: at, failed, waiting_for: stuck } = lane
    const state =
      stuck === null
        ? 'well'
        : `${stuck.problem}; ${String(stuck.attempts)} times, next ${until(stuck.next_at, page.nowMs)}`
    const last = at === null ? '' : until(at, page.nowMs)
    return [ledger, String(delivered), last, String(failed), state]
  })
  return [
    `${page.paint('strong', name)}  ${url}`,
    `  ${whatIsSent(hook, page)}`,
    ...table(COLUMNS, rows, page).map((line) => `  ${line}`),
  ]
}

function whatIsSent({ events, signed, forge }: Hook, page: Page): string {
  if (forge !== null) return 'refused pushes, as a comment on the pull request'
  const what = events.length === 0 ? 'all events' : events.join(', ')
  return `${what}, ${signed ? 'signed' : page.paint('warning', 'not signed')}`
}

export function webhookTestFace(
  { name, ok, status, problem }: OperationResult<'webhooks/test'>,
  page: Page,
): readonly string[] {
  if (ok) return [`${page.paint('good', 'taken')} by ${name} (${String(status)})`]
  return [`${page.paint('bad', 'not taken')} by ${name}: ${problem ?? 'no answer'}`]
}

export function webhookRetryFace({
  name,
  delivered,
}: OperationResult<'webhooks/retry'>): readonly string[] {
  return [`${name} goes on now; ${String(delivered)} that were given up were taken.`]
}

export function webhookPurgeFace({ name }: OperationResult<'webhooks/purge'>): readonly string[] {
  return [`${name}: what waited is forgotten; events from now on are sent.`]
}
