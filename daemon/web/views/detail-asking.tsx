// A wait and a request: who wants what of whom, and a person's word about it.
import type { ReactNode } from 'react'
import type { RequestRow } from '../../client/board/requests.ts'
import { ageOf, clockOf, leftUntil } from '../../client/board/times.ts'
import { wantedOf, whyWaits, type QueueRow } from '../../client/board/waits.ts'
import { Act } from '../parts/act.tsx'
import { Facts, Name, Pill } from '../parts/small.tsx'
import { useBoard } from '../state/board.ts'
import { useNow } from '../state/settings.ts'
import { Why } from './why.tsx'

export function WaitDetail({ entry }: { entry: QueueRow }): ReactNode {
  const { call, repo, select } = useBoard()
  const now = useNow()
  const { id, agent, session } = entry
  return (
    <>
      <p className="lead">
        <bdi className="path">{wantedOf(entry)}</bdi>
      </p>
      <p className="notice">
        <bdi>{whyWaits(entry)}</bdi>
      </p>
      {entry.description === '' ? null : (
        <p className="said">
          <bdi>“{entry.description}”</bdi>
        </p>
      )}
      <Facts
        rows={[
          ['who', <Name key="who">{agent}</Name>],
          ['session', <bdi key="session">{session}</bdi>],
          ['machine', <bdi key="machine">{entry.machine}</bdi>],
          ['place', String(entry.position)],
          ['urgency', entry.urgency],
          ['since', `${clockOf(entry.joined_at, now)}, ${ageOf(entry.joined_at, now)} ago`],
          ['gives up', `in ${leftUntil(entry.expires_at, now)}`],
        ]}
      />
      {entry.blocked_by.map(({ claim, agent: holder }) => (
        <p key={claim}>
          <button
            type="button"
            className="button"
            onClick={() => {
              select({ kind: 'claim', id: claim })
            }}
          >
            {`Show the claim of ${holder}`}
          </button>
        </p>
      ))}
      <p className="acts">
        <Act
          title="Cancel this wait"
          isDangerous
          about={`${agent} loses its place and is told so. It may ask again.`}
          confirm="Cancel it"
          reason={null}
          run={async () => {
            const { cancelled } = await call('cancel', {
              repo: repo?.id,
              agent,
              session,
              ids: [id],
            })
            return cancelled.length > 0 ? 'The wait is cancelled.' : 'It was over already.'
          }}
        />
      </p>
      <Why subject={id} />
    </>
  )
}

export function RequestDetail({ request }: { request: RequestRow }): ReactNode {
  const { select } = useBoard()
  const now = useNow()
  const isOpen = request.decision === 'pending'
  return (
    <>
      <p className="lead">
        <bdi className="path">{request.scope ?? request.pattern ?? request.claim}</bdi>
      </p>
      <p className="marks">
        <Pill level={isOpen ? 'warning' : 'plain'}>{isOpen ? 'open' : request.decision}</Pill>
      </p>
      <p className="said">
        <bdi>“{request.reason}”</bdi>
      </p>
      <Facts
        rows={[
          ['from', <Name key="from">{request.requester}</Name>],
          ['to', <Name key="to">{request.holder}</Name>],
          ['urgency', request.urgency],
          ['filed', `${ageOf(request.filed_at, now)} ago`],
          isOpen
            ? ['answer in', leftUntil(request.answer_by, now)]
            : ['ended', `${ageOf(request.ended_at ?? request.filed_at, now)} ago`],
          ...(request.note === '' ? [] : [['note', <bdi key="note">{request.note}</bdi>] as const]),
        ]}
      />
      <p>
        <button
          type="button"
          className="button"
          onClick={() => {
            select({ kind: 'claim', id: request.claim })
          }}
        >
          Show the claim
        </button>
      </p>
      {isOpen ? <AnswerActs request={request} /> : null}
      <Why subject={request.claim} />
    </>
  )
}

/** In the holder's name: it is the holder's claim that ends, or stays. */
function AnswerActs({ request }: { request: RequestRow }): ReactNode {
  const { call, repo } = useBoard()
  const { id, holder, holder_session: session, requester } = request
  const answer = async (decision: 'approve' | 'deny', note: string): Promise<string> => {
    const input = { repo: repo?.id, agent: holder, session, request: id, decision, note }
    const { request: told } = await call('respond', input)
    return `The request is ${told.decision}.`
  }
  return (
    <p className="acts">
      <Act
        title="Approve"
        about={`${holder} gives the claim up, and ${requester} is told.`}
        confirm="Approve for the holder"
        reason={null}
        run={() => answer('approve', '')}
      />
      <Act
        title="Deny"
        about={`${holder} keeps the claim, and ${requester} is told why.`}
        confirm="Deny for the holder"
        reason="Why?"
        run={(note) => answer('deny', note)}
      />
    </p>
  )
}
