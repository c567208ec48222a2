// All about one thing, with its history, and what a person can do about it.
import { useEffect, useRef, type ReactNode } from 'react'
import type { AuditEvent } from '../../../protocol/index.ts'
import { requestsIn } from '../../client/board/requests.ts'
import { clockOf } from '../../client/board/times.ts'
import { ClaimDetail } from './detail-claim.tsx'
import { RequestDetail, WaitDetail } from './detail-asking.tsx'
import { ProposalDetail, WorkerDetail } from './detail-worker.tsx'
import { patternOf } from '../model/moments.ts'
import { Empty, Facts } from '../parts/small.tsx'
import { useBoard, type Selected } from '../state/board.ts'
import { useNow } from '../state/settings.ts'
import { wordsOf } from './overview.tsx'
import { Why } from './why.tsx'

const TITLES: Readonly<Record<Selected['kind'], string>> = {
  claim: 'Claim',
  wait: 'Wait',
  request: 'Request',
  event: 'Event',
  worker: 'Worker',
  proposal: 'Proposal',
}

export function Detail({ selected }: { selected: Selected }): ReactNode {
  const { select } = useBoard()
  const pane = useRef<HTMLElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) select(null)
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [select])
  return (
    <aside className="detail" aria-label={TITLES[selected.kind]} ref={pane} tabIndex={-1}>
      <header>
        <h2>{TITLES[selected.kind]}</h2>
        <button
          type="button"
          className="button"
          onClick={() => {
            void navigator.clipboard.writeText(selected.id)
          }}
        >
          Copy id
        </button>
        <button
          type="button"
          className="button"
          aria-label="Close"
          onClick={() => {
            select(null)
          }}
        >
          ✕
        </button>
      </header>
      <Body selected={selected} />
      <code className="id">{selected.id}</code>
    </aside>
  )
}

function Body({ selected }: { selected: Selected }): ReactNode {
  const { claims, workers, repo, log } = useBoard()
  const { kind, id } = selected
  if (kind === 'claim') {
    const claim = claims.find((each) => each.id === id)
    return claim === undefined ? <Over id={id} what="The claim" /> : <ClaimDetail claim={claim} />
  }
  if (kind === 'wait') {
    const entry = repo?.queue.find((each) => each.id === id)
    return entry === undefined ? <Over id={id} what="The wait" /> : <WaitDetail entry={entry} />
  }
  if (kind === 'request') {
    const request = repo === null ? undefined : requestsIn(repo).find((each) => each.id === id)
    return request === undefined ? (
      <Over id={id} what="The request" />
    ) : (
      <RequestDetail request={request} />
    )
  }
  if (kind === 'worker') {
    const worker = workers.find((each) => each.id === id)
    return worker === undefined ? (
      <Over id={id} what="The worker" />
    ) : (
      <WorkerDetail worker={worker} />
    )
  }
  if (kind === 'proposal') {
    const proposal = repo?.ledger.proposals.find((each) => each.id === id)
    return proposal === undefined ? (
      <Over id={id} what="The proposal" />
    ) : (
      <ProposalDetail proposal={proposal} repo={repo?.id ?? ''} />
    )
  }
  const event = log.events.find((each) => each.id === id)
  return event === undefined ? (
    <Empty title="The event is further back." />
  ) : (
    <EventDetail event={event} />
  )
}

function Over({ id, what }: { id: string; what: string }): ReactNode {
  return (
    <>
      <Empty title={`${what} is over.`} />
      <Why subject={id} />
    </>
  )
}

function EventDetail({ event }: { event: AuditEvent }): ReactNode {
  const { select, claims, workers } = useBoard()
  const now = useNow()
  const claim = event.data['claim']
  const worker = event.data['assignment']
  const isLive = claims.some(({ id }) => id === claim)
  return (
    <>
      <p className="lead">
        <bdi>{wordsOf(event)}</bdi>
      </p>
      {workers.some(({ id }) => id === worker) ? (
        <button
          type="button"
          className="button"
          onClick={() => {
            select({ kind: 'worker', id: String(worker) })
          }}
        >
          Show its worker
        </button>
      ) : null}
      {isLive ? (
        <button
          type="button"
          className="button"
          onClick={() => {
            select({ kind: 'claim', id: String(claim) })
          }}
        >
          Show its claim
        </button>
      ) : null}
      <Facts
        rows={[
          ['kind', event.kind],
          ['when', clockOf(event.at, now)],
          [
            'about',
            <bdi key="about" className="path">
              {patternOf(event)}
            </bdi>,
          ],
          ['by', <bdi key="by">{event.actor}</bdi>],
          ['machine', <bdi key="machine">{event.machine}</bdi>],
          ['record', `${String(event.term)}.${String(event.index)}`],
        ]}
      />
      <h3>Facts</h3>
      <pre className="data" tabIndex={0}>
        {JSON.stringify(event.data, null, 2)}
      </pre>
    </>
  )
}
