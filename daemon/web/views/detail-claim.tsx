// A claim: who, what, until when, who waits for it, and its end by a person's word.
import type { ReactNode } from 'react'
import type { Claim } from '../../../protocol/index.ts'
import { CLAIM_STATES } from '../../client/board/standing.ts'
import { ageOf, clockOf, leftUntil } from '../../client/board/times.ts'
import { wholeLabel } from '../../client/board/tree.ts'
import { waitersFor } from '../../client/board/waits.ts'
import { Act } from '../parts/act.tsx'
import { Facts, Name, Pill } from '../parts/small.tsx'
import { useBoard } from '../state/board.ts'
import { useNow } from '../state/settings.ts'
import { ClaimMarks } from './claims.tsx'
import { Why } from './why.tsx'

export function ClaimDetail({ claim }: { claim: Claim }): ReactNode {
  const { repo, select } = useBoard()
  const now = useNow()
  const waiting = waitersFor(claim.id, repo?.queue ?? [])
  return (
    <>
      <p className="lead">
        <bdi className="path">{wholeLabel(claim)}</bdi>
      </p>
      <p className="marks">
        <Pill level={CLAIM_STATES[claim.state].level}>{CLAIM_STATES[claim.state].word}</Pill>
        {claim.state === 'active' ? <ClaimMarks claim={claim} waiting={waiting.length} /> : null}
      </p>
      {claim.state === 'active' ? null : <p className="notice">{CLAIM_STATES[claim.state].text}</p>}
      {claim.description === '' ? null : (
        <p className="said">
          <bdi>“{claim.description}”</bdi>
        </p>
      )}
      <Facts rows={factsOf(claim, now)} />
      {waiting.length === 0 ? null : (
        <>
          <h3>Waiting for it</h3>
          <ul className="held">
            {waiting.map(({ id, agent, urgency }) => (
              <li key={id}>
                <button
                  type="button"
                  className="link"
                  onClick={() => {
                    select({ kind: 'wait', id })
                  }}
                >
                  <Name>{agent}</Name>
                </button>
                <span className="quiet">{urgency}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <ReleaseAct claim={claim} />
      <Why subject={claim.id} />
    </>
  )
}

function factsOf(claim: Claim, now: number): readonly (readonly [string, ReactNode])[] {
  const { granted_at: from, expires_at: until, last_activity: active } = claim
  const except = claim.except.map(({ agent, symbols }) => `${symbols.join(', ')} (${agent})`)
  return [
    ['holder', <Name key="holder">{claim.agent}</Name>],
    ['session', <bdi key="session">{claim.session}</bdi>],
    ['machine', <bdi key="machine">{claim.machine}</bdi>],
    ['branch', <bdi key="branch">{claim.branch ?? 'none'}</bdi>],
    ['mode', claim.mode],
    ['granted', `${clockOf(from, now)}, ${ageOf(from, now)} ago`],
    ['ends', `${clockOf(until, now)}, ${leftUntil(until, now)} left`],
    ['active', `${ageOf(active, now)} ago`],
    ['fence', claim.fence === null ? 'none: it is provisional' : String(claim.fence)],
    ...(except.length === 0 ? [] : [['not covered', except.join('; ')] as const]),
  ]
}

function ReleaseAct({ claim }: { claim: Claim }): ReactNode {
  const { call } = useBoard()
  if (claim.state !== 'active' && claim.state !== 'provisional') return null
  return (
    <p className="acts">
      <Act
        title="End this claim"
        isDangerous
        about={`This ends ${wholeLabel(claim)} against the will of ${claim.agent}. The holder is told why; its files stay as they are, and it may still be writing to them.`}
        confirm="End it"
        reason="Why? The holder is told."
        run={async (reason) => {
          const { repo, id } = claim
          const { state } = await call('release', { repo, ids: [id], force: true, reason })
          return state === 'released'
            ? 'The claim has ended.'
            : 'It ends once a majority can be reached.'
        }}
      />
    </p>
  )
}
