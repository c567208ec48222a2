// Live claims: a tree by path, or a list in another order.
import { claimFields, claimList, claimTree, type TreeRow } from '../../daemon/client/board/tree.ts'
import { CLAIM_STATES } from '../../daemon/client/board/standing.ts'
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { ageOf, leftUntil } from '../../daemon/client/board/times.ts'
import type { Claim } from '../../protocol/index.ts'
import type { Subject } from '../model/board.ts'
import type { Cell, Column } from '../model/columns.ts'
import { span } from '../model/lines.ts'
import type { Row, View } from './view.ts'

const COLUMNS: readonly Column[] = [
  { title: '', width: 1 },
  { title: 'CLAIM', width: 18, grows: 4 },
  { title: 'HOLDER', width: 12, grows: 1 },
  { title: 'MACHINE', width: 10, from: 110 },
  { title: 'BRANCH', width: 12, from: 150, grows: 1 },
  { title: 'AGE', width: 6, align: 'right' },
  { title: 'LEFT', width: 6, align: 'right' },
  { title: 'FENCE', width: 10, align: 'right' },
  { title: 'MODE', width: 9, from: 100 },
  { title: 'STATE', width: 11 },
  { title: 'WHAT FOR', width: 20, from: 130, grows: 3 },
]

export const claimsView: View = {
  title: 'Claims',
  count: ({ claims }) => claims.length,
  columns: COLUMNS,
  rows({ claims }, _asked, { filter, order, closed }) {
    const isFiltered = filter.terms.length > 0
    const found = isFiltered
      ? claims.filter((claim) => matchesFilter(filter, claimFields(claim)))
      : claims
    // What is looked for is not to be hidden in a closed folder.
    const rows =
      order === 'path' ? claimTree(found, isFiltered ? undefined : closed) : claimList(found, order)
    return rows.map(rowOf)
  },
  cells(row, _board, nowMs) {
    const { subject, depth = 0, label = '' } = row
    const indent = '  '.repeat(depth)
    if (subject?.kind === 'folder') {
      const sign = row.isOpen === true ? '▾' : '▸'
      const text = `${indent}${sign} ${label}/`.replace(/:\/$/, '')
      return folderCells(subject, text, row.isOpen === true)
    }
    return subject?.kind === 'claim' ? claimCells(subject.claim, indent + label, nowMs) : []
  },
  empty: ({ repo, claims }) => {
    if (repo === null) return [span('No repository is enrolled: cd REPO && skein init', 'quiet')]
    if (!repo.isKnown) return [span('Reading the ledger …', 'quiet')]
    return [span(claims.length === 0 ? 'Nothing is claimed.' : 'No claim matches.', 'quiet')]
  },
}

function rowOf(row: TreeRow): Row {
  const { id, depth, label } = row
  if (row.kind === 'claim')
    return { id, depth, label, subject: { kind: 'claim', claim: row.claim } }
  const path = id.slice('dir:'.length)
  const { claims, isOpen, states } = row
  return { id, depth, label, isOpen, subject: { kind: 'folder', path, claims, states } }
}

type Folder = Extract<Subject, { kind: 'folder' }>

/** A closed one says the worst that is hidden in it. */
function folderCells({ claims, states }: Folder, name: string, isOpen: boolean) {
  const worst = isOpen ? [] : states.map((state) => CLAIM_STATES[state])
  worst.sort((a, b) => Number(b.level === 'bad') - Number(a.level === 'bad'))
  const [state] = worst
  const cells: Cell[] = COLUMNS.map(({ title }) => {
    if (title === 'CLAIM') return { text: name, tone: 'strong' }
    if (title === 'HOLDER')
      return { text: `${String(claims)} claim${claims === 1 ? '' : 's'}`, tone: 'quiet' }
    const isState = title === '' || title === 'STATE'
    if (!isState || state === undefined) return { text: '', tone: 'plain' }
    return { text: title === '' ? state.sign : state.word, tone: state.level }
  })
  return cells
}

function claimCells(claim: Claim, name: string, nowMs: number): readonly (Cell | string)[] {
  const { sign, level, word } = CLAIM_STATES[claim.state]
  const isWell = level === 'good'
  const tone = isWell ? 'plain' : level
  const left = leftUntil(claim.expires_at, nowMs)
  return [
    { text: sign, tone: level },
    { text: name, tone },
    { text: claim.agent, tone },
    claim.machine,
    claim.branch ?? '-',
    { text: ageOf(claim.granted_at, nowMs), tone: 'quiet' },
    { text: left, tone: left === 'over' ? 'bad' : 'plain' },
    { text: claim.fence === null ? '-' : String(claim.fence), tone: 'quiet' },
    claim.mode,
    { text: stateText(claim, word), tone: isWell ? 'quiet' : level },
    { text: claim.description, tone: 'quiet' },
  ]
}

/** The state, and of a claim in good standing what is special about it: there is one column for both on a small screen. */
function stateText({ state, mode, except, kind }: Claim, word: string): string {
  if (state !== 'active') return word
  if (except.length > 0) return 'narrowed'
  if (mode === 'shared') return 'shared'
  return kind === 'module' ? 'module' : word
}
