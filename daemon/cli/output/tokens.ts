// Tokens as people read them. The text of one is a line of its own, so that it can be copied and piped.
import type { OperationResult } from '../../../protocol/index.ts'
import { table, type Column, type Page } from './page.ts'
import { localTime, relative } from './time.ts'

type Made = Pick<
  OperationResult<'tokens/create'>,
  'name' | 'acts_as' | 'repos' | 'expires_at' | 'token'
>

const COLUMNS: readonly Column[] = [
  { title: 'NAME', rank: 2, widthMin: 8, style: 'strong' },
  { title: 'ACTS AS', rank: 3, widthMin: 8 },
  { title: 'ONLY', rank: 1, widthMin: 8 },
  { title: 'ENDS', rank: null },
  { title: 'USED', rank: null },
]

export function tokenCreateFace(made: Made, page: Page): readonly string[] {
  return [
    made.token,
    '',
    page.paint('quiet', `${whatItMay(made)}, until ${localTime(made.expires_at, page.nowMs)}`),
    page.paint('warning', 'It is shown this once.'),
  ]
}

export function tokenRotateFace(
  made: OperationResult<'tokens/rotate'>,
  page: Page,
): readonly string[] {
  const { old_until: old } = made
  const note =
    old === null
      ? 'The old text is taken no more.'
      : `The old text is taken until ${localTime(old, page.nowMs)}.`
  return [...tokenCreateFace(made, page), page.paint('quiet', note)]
}

export function tokensFace(
  { tokens }: OperationResult<'tokens/list'>,
  page: Page,
): readonly string[] {
  if (tokens.length === 0)
    return [
      "No tokens but the home's own.",
      `${page.paint('strong', 'Next:')} skein tokens create NAME`,
    ]
  return table(
    COLUMNS,
    tokens.map(({ name, acts_as: agent, repos, expires_at: end, used_at: used, ended }) => [
      name,
      agent,
      repos?.join(', ') ?? 'all',
      ended ? 'ended' : relative(end, page.nowMs),
      used === null ? 'never' : relative(used, page.nowMs),
    ]),
    page,
  )
}

export function tokenRevokeFace({ name }: OperationResult<'tokens/revoke'>): readonly string[] {
  return [`${name} opens nothing any more.`]
}

function whatItMay({ name, acts_as: agent, repos }: Made): string {
  const where = repos === null ? 'in every repository' : `in ${repos.join(', ')}`
  return `${name} acts as ${agent} ${where}`
}
