// A forecast as people read it: each collision with its files, who holds them, and what would keep the two apart.
import type { OperationResult } from '../../../protocol/index.ts'
import { holderName, nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { count } from './text.ts'

type Told = OperationResult<'forecast'>
type Collision = Told['collisions'][number]

const COLUMNS: readonly Column[] = [
  { title: 'FILE', rank: 2, widthMin: 16 },
  { title: 'CONFLICT', rank: 3, widthMin: 10 },
  { title: 'HELD BY', rank: 1, isOptional: true },
]
const FILES_SHOWN = 10

export function forecastFace(result: Told, page: Page): readonly string[] {
  const { trunk, lines, collisions, method, skipped } = result
  const dirty = lines.filter((line) => line.dirty).length
  const what = `${count(lines.length, 'line')} of work ahead of ${trunk}`
  const notes = [
    ...(method === 'paths' ? ['git is older than 2.38: files that both changed are shown'] : []),
    ...(skipped === 0 ? [] : [`${String(skipped)} more branches and pairs were not looked at`]),
  ]
  return [
    `${what}${dirty === 0 ? '' : `, ${String(dirty)} with work that is not committed`}.`,
    ...notes.map((note) => page.paint('warning', `note: ${note}`)),
    ...(collisions.length === 0
      ? [page.paint('good', 'No two of them would stop each other.')]
      : collisions.flatMap((collision) => ['', ...collisionLines(collision, page)])),
  ]
}

function collisionLines(collision: Collision, page: Page): readonly string[] {
  const { a, b, files, claims, options } = collision
  const rows = files.slice(0, FILES_SHOWN).map(({ path, kind }) => {
    const holders = claims.filter((claim) => claim.files.includes(path))
    return [path, kind, [...new Set(holders.map((claim) => holderName(claim, page)))].join(', ')]
  })
  const more = files.length - rows.length
  return [
    `${page.paint('bad', a)} and ${page.paint('bad', b)} stop at ${count(files.length, 'file')}:`,
    ...table(COLUMNS, rows, page).map((line) => `  ${line}`),
    ...(more === 0 ? [] : [`  and ${String(more)} more`]),
    ...nextSteps(
      options.map(({ command, why }) => [command, why] as const),
      page,
    ).slice(2),
  ]
}
