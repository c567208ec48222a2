// Everything at a glance: the repositories of this machine, and the machines of its mesh.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { loadText, presenceIn, slotsText, standingIn } from '../../daemon/client/board/standing.ts'
import { brief, ageOf } from '../../daemon/client/board/times.ts'
import type { Board, MachineNow, RepoNow } from '../model/board.ts'
import type { Cell, Column } from '../model/columns.ts'
import { span } from '../model/lines.ts'
import type { Row, View } from './view.ts'

const REPO_COLUMNS: readonly Column[] = [
  { title: 'REPOSITORY', width: 16, grows: 3 },
  { title: 'STANDING', width: 11 },
  { title: 'LEADER', width: 9, grows: 1 },
  { title: 'TERM', width: 4, align: 'right' },
  { title: 'CLAIMS', width: 6, align: 'right' },
  { title: 'QUEUE', width: 6, align: 'right' },
  { title: 'RUN', width: 3, align: 'right' },
  { title: 'ASK', width: 3, align: 'right' },
  { title: 'FAIL', width: 4, align: 'right' },
  { title: 'LAND', width: 4, align: 'right' },
  { title: 'INDEX', width: 7, align: 'right', from: 100 },
  { title: 'HERE', width: 13, from: 100 },
  { title: 'VOTERS', width: 10, grows: 2, from: 100 },
  { title: 'CHECKOUTS', width: 12, grows: 3, from: 140 },
]

const MACHINE_COLUMNS: readonly Column[] = [
  { title: 'MACHINE', width: 16, grows: 3 },
  { title: 'LINK', width: 11 },
  { title: 'ROLE', width: 9 },
  { title: 'RTT', width: 8, align: 'right' },
  { title: 'LOAD', width: 5, align: 'right' },
  { title: 'HEARD', width: 6, align: 'right' },
  { title: 'VERSION', width: 9 },
  { title: 'WORKERS', width: 7, align: 'right' },
  { title: 'CLAIMS', width: 6, align: 'right', from: 100 },
  { title: 'VOTES IN', width: 8, grows: 2, from: 100 },
  { title: 'ADDRESS', width: 12, grows: 3, from: 140 },
]

export const overviewView: View = {
  title: 'Overview',
  count: () => null,
  columns: [],
  rows({ snapshot }, _asked, { filter }) {
    const repos = (snapshot.status?.repos ?? [])
      .filter((repo) => matchesFilter(filter, { path: repo.id, leader: repo.leader ?? '' }))
      .map((repo): Row => {
        return { id: `repo:${repo.id}`, subject: { kind: 'repo', repo }, columns: REPO_COLUMNS }
      })
    const machines = snapshot.members
      .filter((one) => matchesFilter(filter, { machine: one.machine, role: one.role }))
      .map((machine): Row => {
        const id = `machine:${machine.peer_id}`
        return { id, subject: { kind: 'machine', machine }, columns: MACHINE_COLUMNS }
      })
    return [
      ...section('repos', REPO_COLUMNS, repos),
      ...(repos.length > 0 && machines.length > 0 ? [gap] : []),
      ...section('machines', MACHINE_COLUMNS, machines),
    ]
  },
  cells({ subject }, board, nowMs) {
    if (subject?.kind === 'repo') return repoCells(subject.repo, board)
    if (subject?.kind === 'machine') return machineCells(subject.machine, board, nowMs)
    return []
  },
  empty: ({ snapshot }) => [
    span(snapshot.status === null ? 'Asking the daemon …' : 'Nothing matches.', 'quiet'),
  ],
}

const gap: Row = { id: 'gap', subject: null }

function section(name: string, columns: readonly Column[], rows: readonly Row[]): readonly Row[] {
  return rows.length === 0 ? [] : [{ id: `head:${name}`, subject: null, columns }, ...rows]
}

function repoCells(repo: RepoNow, { snapshot, repo: shown }: Board): readonly (Cell | string)[] {
  const { level, word } = standingIn(snapshot, repo)
  const sign = shown?.id === repo.id ? '▸ ' : '  '
  return [
    { text: `${sign}${repo.id}`, tone: 'strong' },
    { text: word, tone: level },
    repo.leader ?? 'none',
    String(repo.term),
    String(repo.claims),
    repo.queued === 0 ? { text: 'empty', tone: 'quiet' } : String(repo.queued),
    ...workerCells(repo),
    { text: String(repo.commit_index), tone: 'quiet' },
    repo.role,
    repo.voters.join(', '),
    { text: repo.checkouts.join(', '), tone: 'quiet' },
  ]
}

/** Workers that run, that ask a person, tasks that failed, work that has not landed. */
function workerCells({ workers }: RepoNow): readonly Cell[] {
  const { running, waiting, failed, unlanded } = workers
  const cell = (count: number, tone: Cell['tone']): Cell => {
    return count === 0 ? { text: '-', tone: 'quiet' } : { text: String(count), tone }
  }
  return [
    cell(running, 'plain'),
    cell(waiting, 'warning'),
    cell(failed, 'bad'),
    cell(unlanded, 'plain'),
  ]
}

function machineCells(
  machine: MachineNow,
  { snapshot, claims }: Board,
  nowMs: number,
): readonly (Cell | string)[] {
  const peer = snapshot.peers.find(({ peer_id: id }) => id === machine.peer_id)
  const isSelf = machine.peer_id === snapshot.status?.peer_id
  const held = claims.filter((claim) => claim.machine === machine.machine).length
  const { word, level } = presenceIn(snapshot, machine.presence)
  const heard = isSelf || peer?.last_seen == null ? '-' : ageOf(peer.last_seen, nowMs)
  return [
    { text: `  ${machine.machine}`, tone: 'strong' },
    { text: word, tone: level },
    machine.role,
    machine.rtt_ms === null ? '-' : roundTrip(machine.rtt_ms),
    { text: loadText(machine.load), tone: (machine.load ?? 0) > 1 ? 'warning' : 'plain' },
    { text: heard, tone: 'quiet' },
    machine.version ?? '-',
    slotsText(machine),
    String(held),
    machine.votes_in.join(', '),
    { text: peer?.address ?? machine.addresses.join(', '), tone: 'quiet' },
  ]
}

function roundTrip(ms: number): string {
  if (ms >= 10_000) return brief(ms)
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`
}
