// The daemon, its repositories, its configuration, its audit log.
import type { OperationResult } from '../../../protocol/index.ts'
import { pairs, table, type Column, type Page } from './page.ts'
import { count } from './text.ts'
import { span, until } from './time.ts'

const COLUMNS: readonly Column[] = [
  { title: 'REPOSITORY', rank: 2, widthMin: 16, style: 'strong' },
  { title: 'ROLE', rank: null },
  { title: 'LEADER', rank: 1 },
  { title: 'TERM', rank: null },
  { title: 'INDEX', rank: null },
  { title: 'CLAIMS', rank: null },
  { title: 'QUEUED', rank: null },
]

export function statusFace(result: OperationResult<'status'>, page: Page): readonly string[] {
  const word = result.ready ? page.paint('good', 'ready') : page.paint('bad', 'NOT READY')
  const { mesh, repos } = result
  const members =
    mesh.members > 1 ? `${String(mesh.online)} of ${count(mesh.members, 'member')} online` : null
  return [
    `skein ${result.version} on ${page.paint('strong', result.machine)}: ${word}`,
    ...pairs(
      [
        ['running', `since ${until(result.started_at, page.nowMs)}, pid ${String(result.pid)}`],
        ['home', result.home],
        ['http', result.http ?? 'off'],
        ['mesh', members],
      ],
      page,
    ),
    '',
    ...(repos.length === 0 ? noRepos(page) : repoLines(repos, page)),
  ]
}

function repoLines(repos: OperationResult<'status'>['repos'], page: Page): readonly string[] {
  const rows = repos.map((repo) => [
    repo.id,
    repo.role,
    repo.leader ?? 'none',
    String(repo.term),
    String(repo.commit_index),
    repo.narrowed === 0
      ? String(repo.claims)
      : `${String(repo.claims)} (${String(repo.narrowed)} narrowed)`,
    String(repo.queued),
  ])
  const problems = repos.flatMap(({ id, problem, quorum }) => {
    if (problem !== null) return [page.paint('bad', `${id}: ${problem}`)]
    return quorum ? [] : [page.paint('bad', `${id}: no majority of the voters answers`)]
  })
  const isCutOff = repos.every(({ problem }) => problem === null)
  const next = `${page.paint('strong', 'ACTION REQUIRED:')} ${isCutOff ? 'skein peers' : 'skein logs'}`
  const notes = problems.length === 0 ? [] : ['', ...problems, next]
  return [...table(COLUMNS, rows, page), ...notes]
}

function noRepos(page: Page): readonly string[] {
  return ['No repository is enrolled.', `${page.paint('strong', 'Next:')} cd REPO && skein init`]
}

export function enrolFace(result: OperationResult<'enrol'>, page: Page): readonly string[] {
  const word = result.is_new ? 'enrolled' : 'enrolled already:'
  return [
    `${page.paint('good', word)} ${result.repo}`,
    ...pairs([['checkout', result.checkout]], page),
  ]
}

export function recoverFace(result: OperationResult<'recover'>, page: Page): readonly string[] {
  const { what, done, repo, generation, kept_at: kept, missing, carried, unread = [] } = result
  const claims = carried.reduce((sum, one) => sum + one.claims, 0)
  const where = `${repo ?? ''}${generation === null ? '' : `, generation ${String(generation)}`}`
  const name = what === 'mesh' ? 'a mesh of this machine alone' : where
  const facts = pairs(
    [
      ...missing.map(({ machine, since }, at): [string, string] => [
        at === 0 ? 'missing' : ' ',
        `${machine}, since ${until(since, page.nowMs)}`,
      ]),
      [
        'not asked',
        unread.length === 0
          ? null
          : `${unread.join(', ')}: cannot be reached; a push may be refused until it is done again`,
      ],
      ['old log', kept],
      what === 'log'
        ? ['kept', null]
        : ['kept', `${count(claims, 'claim')} of ${count(carried.length, 'repository')}`],
    ],
    page,
  )
  const head = done
    ? `${page.paint('good', 'begun anew')}: ${name}`
    : `${page.paint('warning', 'would begin anew')}: ${name}`
  return [head, ...facts, ...recoverAdvice(result, page)]
}

function recoverAdvice({ what, done, missing }: OperationResult<'recover'>, page: Page): string[] {
  if (what === 'log')
    return ['All claims of before are lost: tell whoever worked there to claim again.']
  const names = missing.map(({ machine }) => machine).join(', ')
  const gone =
    missing.length === 0
      ? []
      : [
          `What only the missing machines knew is lost. Be sure that they are: ${names} must not come back with the old home.`,
        ]
  if (what === 'repo' || !done) return gone
  return [
    ...gone,
    `${page.paint('strong', 'Next:')} on each other machine that is left skein recover --accept-loss, here skein invite, there skein join`,
  ]
}

export function configFace(result: OperationResult<'config'>, page: Page): readonly string[] {
  const rows = result.values.map(({ key, value, source, file }) => [
    key,
    valueText(key, value),
    // There is one of each name; the whole path says no more and takes the place of the value.
    file === null ? source : file.replace(/^.*\//, ''),
  ])
  return table(
    [
      { title: 'KEY', rank: null, style: 'strong' },
      { title: 'VALUE', rank: 2, widthMin: 12 },
      { title: 'FROM', rank: 1, widthMin: 12, style: 'quiet' },
    ],
    rows,
    page,
  )
}

function valueText(key: string, value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return SECONDS.test(key) ? span(value * 1000) : String(value)
  if (Array.isArray(value) && value.length === 0) return 'none'
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value)
  const parts = Object.entries(value).map(([name, part]) => {
    return `${name} ${valueText(`${key}.${name}`, part)}`
  })
  return parts.length === 0 ? 'none' : parts.join(', ')
}

/** The keys whose numbers are times. */
const SECONDS = /^(?:ttl\..*|idle_release|edit_wait\..*|retention\.(?:audit|wip))$/

export function auditFace(result: OperationResult<'audit/verify'>, page: Page): readonly string[] {
  const { ok, events, last, problem } = result
  if (ok) {
    const end = last === null ? '' : `, the last is ${last}`
    return [`${page.paint('good', 'whole')}: ${count(events, 'event')} in one chain${end}`]
  }
  return [
    `${page.paint('bad', 'BROKEN')} after ${count(events, 'event')}`,
    ...pairs([['problem', problem]], page),
    'Somebody or something changed the log after it was written. Keep the file as it is.',
    `${page.paint('strong', 'ACTION REQUIRED:')} skein logs`,
  ]
}
