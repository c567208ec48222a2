// The mesh at a glance: repositories, machines, and what happened last.
import type { ReactNode } from 'react'
import { tellEvent, type AuditEvent, type RepoId } from '../../../protocol/index.ts'
import {
  answeringText,
  isLost,
  loadText,
  presenceIn,
  slotsText,
  standingIn,
} from '../../client/board/standing.ts'
import { brief } from '../../client/board/times.ts'
import { countsText, isOpen, wantsPerson } from '../../client/board/workers.ts'
import { Card, Empty, Pill } from '../parts/small.tsx'
import { useBoard } from '../state/board.ts'
import { useNow } from '../state/settings.ts'

export function Overview(): ReactNode {
  const { snapshot, repo, claims, workers } = useBoard()
  const { status } = snapshot
  if (status === null) return <Empty title="Reading the mesh …" />
  const requests = repo?.ledger.asked.size ?? 0
  return (
    <div className="page">
      <div className="numbers">
        <Figure value={claims.length} name="claims" />
        <Figure value={repo?.queue.length ?? 0} name="waiting" isLoud />
        <Figure value={workers.filter(isOpen).length} name="workers" />
        <Figure value={workers.filter(wantsPerson).length} name="workers want a person" isLoud />
        <Figure value={requests} name="open requests" isLoud />
        <Figure value={answeringText(snapshot)} name="machines answer" />
      </div>
      <Card title="Repositories" note={String(status.repos.length)}>
        <Repos />
      </Card>
      <Card title="Machines" note={String(snapshot.members.length)}>
        <Machines />
      </Card>
      <Card title="Latest">
        <Latest />
      </Card>
    </div>
  )
}

function Figure(props: { value: number | string; name: string; isLoud?: boolean }): ReactNode {
  const isLoud = props.isLoud === true && props.value !== 0
  return (
    <div className={isLoud ? 'figure loud' : 'figure'}>
      <strong>{props.value}</strong>
      <span>{props.name}</span>
    </div>
  )
}

function Repos(): ReactNode {
  const { snapshot, repo: shown, setRepo, go } = useBoard()
  const repos = snapshot.status?.repos ?? []
  if (repos.length === 0) return <Empty title="No repository is enrolled.">skein init</Empty>
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label="Repositories">
      <table className="table repos">
        <thead>
          <tr>
            {['repository', 'state', 'leader', 'term', 'claims', 'waits', 'workers'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {repos.map((repo) => {
            const { level, word } = standingIn(snapshot, repo)
            return (
              <tr key={repo.id} className={repo.id === shown?.id ? 'selected' : ''}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    onClick={() => {
                      setRepo(repo.id as RepoId)
                      go('claims')
                    }}
                  >
                    <bdi>{repo.id}</bdi>
                  </button>
                </th>
                <td>
                  <Pill level={level}>{word === 'ok' ? 'majority' : word}</Pill>
                </td>
                <td>{repo.leader ?? 'none'}</td>
                <td className="number">{repo.term}</td>
                <td className="number">{repo.claims}</td>
                <td className="number">{repo.queued}</td>
                <td>{countsText(repo.workers)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Machines(): ReactNode {
  const { members } = useBoard().snapshot
  return (
    <ul className="machines">
      {members.map((member) => (
        <MachineCard key={member.peer_id} member={member} />
      ))}
    </ul>
  )
}

function MachineCard({ member }: { member: Member }): ReactNode {
  const { snapshot } = useBoard()
  const now = useNow()
  const { machine, peer_id: id, presence, rtt_ms: rtt, load, version, role, advice } = member
  const { word, level, text } = presenceIn(snapshot, presence)
  const at = snapshot.peers.find(({ peer_id: peer }) => peer === id)?.last_seen ?? null
  const isAway = presence === 'away' && !isLost(snapshot)
  const away = at === null ? 'away' : `away for ${brief(now - Date.parse(at))}`
  return (
    <li className={level === 'good' ? '' : 'away'}>
      <div className="machine-head">
        <bdi className="strong">{machine}</bdi>
        <span title={text}>
          <Pill level={level}>{isAway ? away : word}</Pill>
        </span>
      </div>
      <p className="quiet">
        {id === snapshot.status?.peer_id ? 'this machine' : rttText(rtt)} · {role} ·{' '}
        {version === null ? 'version unknown' : `skein ${version}`}
        {load === null ? null : <Load load={load} />}
        {` · workers ${slotsText(member)}`}
      </p>
      {advice === null ? null : <p className="quiet">{advice}</p>}
    </li>
  )
}

type Member = ReturnType<typeof useBoard>['snapshot']['members'][number]

function Load({ load }: { load: number }): ReactNode {
  return (
    <>
      {' · '}
      <span
        className={load > 1 ? 'busy' : undefined}
        title="processes that run or want to, for each core, over the last minute"
      >
        load {loadText(load)}
      </span>
    </>
  )
}

function rttText(rtt: number | null): string {
  return rtt === null ? 'no round trip' : `${rtt.toFixed(rtt < 10 ? 1 : 0)} ms round trip`
}

const LATEST = 8

function Latest(): ReactNode {
  const { log, select } = useBoard()
  const now = useNow()
  const events = log.events.slice(-LATEST).reverse()
  if (events.length === 0) {
    const hours = 'Nothing happened in the hours that are looked at.'
    return <Empty title={log.isRead ? hours : 'Reading the audit log …'} />
  }
  return (
    <ul className="latest">
      {events.map((event) => (
        <li key={event.id}>
          <button
            type="button"
            className="link plain"
            onClick={() => {
              select({ kind: 'event', id: event.id })
            }}
          >
            <span className="quiet number">{brief(now - Date.parse(event.at))}</span>
            <span>{wordsOf(event)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Without its time, which stands beside it, and without ids, which nobody reads. */
export function wordsOf(event: AuditEvent): string {
  return tellEvent(event)
    .replace(`${event.at}  `, '')
    .replace(/ \([a-z]{3}_\w{26}(?:, fence \d+)?\)/g, '')
}
