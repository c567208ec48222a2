// Kept work as people read it: whose it is, why it was kept, what is in it, and how it comes back.
import type { OperationResult } from '../../../protocol/index.ts'
import { holderName, nextSteps } from './people.ts'
import { pairs, table, type Column, type Page } from './page.ts'
import { count } from './text.ts'
import { localTime, relative } from './time.ts'

type Kept = OperationResult<'wip/list'>['kept'][number]

const COLUMNS: readonly Column[] = [
  { title: 'ID', rank: null },
  { title: 'KEPT', rank: null },
  { title: 'WHOSE', rank: 3, widthMin: 8 },
  { title: 'WHY', rank: null },
  { title: 'BRANCH', rank: 1, widthMin: 8, isOptional: true },
  { title: 'FILES', rank: 2, widthMin: 16 },
]

export function wipListFace(
  { kept, more }: OperationResult<'wip/list'>,
  page: Page,
): readonly string[] {
  const [newest] = kept
  if (newest === undefined) return ['No work is kept here.']
  const rows = kept.map((each) => [
    each.id,
    relative(each.kept_at, page.nowMs),
    holderName(each, page),
    each.reason,
    each.branch ?? '',
    filesOf(each),
  ])
  return [
    ...table(COLUMNS, rows, page),
    ...(more === 0 ? [] : [`and ${String(more)} more`]),
    ...nextSteps(
      [
        [`skein wip show ${newest.id}`, 'what is in it'],
        [`skein wip restore ${newest.id}`, 'bring it back, into this checkout'],
      ],
      page,
    ),
  ]
}

export function wipFace(
  { kept, changes, command }: OperationResult<'wip/show'>,
  page: Page,
): readonly string[] {
  const patterns = kept.claims.map(({ pattern }) => pattern)
  const facts = [
    ['of', `${holderName(kept, page)} (session ${kept.session})`],
    [
      'kept',
      `${relative(kept.kept_at, page.nowMs)}, until ${localTime(kept.expires_at, page.nowMs)}`,
    ],
    ['why', kept.reason],
    ['claimed', patterns.join(', ')],
    ['branch', kept.branch],
    ['below it', kept.commits === 0 ? null : `${count(kept.commits, 'commit')} that no branch had`],
    ['lay in', kept.checkout],
    ['commit', kept.commit],
  ] as const
  const lines = changes.map(({ path, added, removed }) =>
    added === null || removed === null
      ? `  ${path}  binary`
      : `  ${path}  ${page.paint('good', `+${String(added)}`)} ${page.paint('bad', `-${String(removed)}`)}`,
  )
  const left = kept.skipped.map(({ path, why }) =>
    page.paint('warning', `  not in it: ${path}, ${why}`),
  )
  const steps = [
    [command, 'the lines'],
    [`skein wip restore ${kept.id}`, 'bring it back, into this checkout'],
  ] as const
  return [
    page.paint('strong', kept.id),
    ...pairs(facts, page),
    ...lines,
    ...left,
    ...nextSteps(steps, page),
  ]
}

export function wipRestoreFace(
  { id, branch, restored, already, conflicts, options }: OperationResult<'wip/restore'>,
  page: Page,
): readonly string[] {
  const steps = nextSteps(
    options.map(({ command, why }) => [command, why] as const),
    page,
  )
  if (branch !== null) return [`${page.paint('good', branch)} is a branch of ${id} now.`, ...steps]
  const clean = restored.filter((file) => !conflicts.includes(file))
  return [
    ...clean.map((file) => `${page.paint('good', 'restored')} ${file}`),
    ...already.map((file) => `${page.paint('quiet', 'as kept')}  ${file}`),
    ...conflicts.map(
      (file) => `${page.paint('bad', 'conflict')} ${file}: resolve it, then git add`,
    ),
    ...(restored.length + already.length === 0 ? ['There is nothing in it that is not here.'] : []),
    ...steps,
  ]
}

export function wipDropFace(
  { dropped }: OperationResult<'wip/drop'>,
  page: Page,
): readonly string[] {
  if (dropped.length === 0) return ['Nothing that old is kept here.']
  return dropped.flatMap(({ id, command }) => [
    `${id} is given up.`,
    page.paint('quiet', `  git still has it for a while: ${command}`),
  ])
}

function filesOf({ files, more_files: more, skipped }: Kept): string {
  const all = files.length + more
  const names = files.slice(0, 2).join(', ')
  const rest = all > 2 ? ` and ${String(all - 2)} more` : ''
  const left = skipped.length === 0 ? '' : `, ${String(skipped.length)} left out`
  return `${names}${rest}${left}`
}
