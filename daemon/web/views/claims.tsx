// Claims as a tree by path, or in an order; found by words.
import { useMemo, type ReactNode } from 'react'
import type { Claim } from '../../../protocol/index.ts'
import { matchesFilter, parseFilter } from '../../client/board/filter.ts'
import { CLAIM_STATES } from '../../client/board/standing.ts'
import { ageOf, leftUntil } from '../../client/board/times.ts'
import {
  CLAIM_ORDERS,
  claimFields,
  claimList,
  claimTree,
  type ClaimOrder,
  type TreeRow,
} from '../../client/board/tree.ts'
import { waitersFor } from '../../client/board/waits.ts'
import { Choice, Empty, Name, Pill, Search } from '../parts/small.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { useBoard } from '../state/board.ts'
import { useKept, useNarrow, useNow } from '../state/settings.ts'

const ORDERS: Readonly<Record<ClaimOrder, string>> = {
  path: 'Tree',
  left: 'Time left',
  age: 'Oldest',
  holder: 'Holder',
  state: 'State',
}

export function Claims(): ReactNode {
  const { claims, selected, select, repo } = useBoard()
  const [filter, setFilter] = useKept('claims.filter', '')
  const [order, setOrder] = useKept<ClaimOrder>('claims.order', 'path')
  const [closed, setClosed] = useKept<readonly string[]>('claims.closed', [])
  const isNarrow = useNarrow()
  const found = useMemo(() => {
    const wanted = parseFilter(filter)
    return claims.filter((claim) => matchesFilter(wanted, claimFields(claim)))
  }, [claims, filter])
  const rows = useMemo(
    () => (order === 'path' ? claimTree(found, new Set(closed)) : claimList(found, order)),
    [found, order, closed],
  )
  const fold = (row: TreeRow, isOpen: boolean): void => {
    setClosed(isOpen ? closed.filter((id) => id !== row.id) : [...closed, row.id])
  }
  return (
    <div className="page full">
      <div className="tools">
        <Search
          label="Find: words, agent:ann, state:provisional, -path:test"
          value={filter}
          onChange={setFilter}
        />
        <Choice
          label="Order"
          value={order}
          options={CLAIM_ORDERS.map((each) => [each, ORDERS[each]] as const)}
          onChange={setOrder}
        />
        <span className="quiet number" role="status">
          {found.length === claims.length
            ? String(claims.length)
            : `${String(found.length)} of ${String(claims.length)}`}
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title={emptyTitle(repo?.isKnown ?? false, claims.length)} />
      ) : (
        <VirtualList
          name="claims"
          label="Claims"
          isTree={order === 'path'}
          rows={rows}
          rowHeight={isNarrow ? 56 : 38}
          selected={selected?.id ?? null}
          onFold={fold}
          onSelect={(row) => {
            if (row.kind === 'folder') fold(row, !row.isOpen)
            else select({ kind: 'claim', id: row.id })
          }}
        >
          {(row) => (row.kind === 'folder' ? <FolderRow row={row} /> : <ClaimRow row={row} />)}
        </VirtualList>
      )}
    </div>
  )
}

function emptyTitle(isKnown: boolean, all: number): string {
  if (!isKnown) return 'Reading the ledger …'
  return all === 0 ? 'Nobody holds anything here.' : 'No claim matches the words.'
}

type FolderRowOf = Extract<TreeRow, { kind: 'folder' }>
type ClaimRowOf = Extract<TreeRow, { kind: 'claim' }>

function FolderRow({ row }: { row: FolderRowOf }): ReactNode {
  return (
    <div className="folder" style={{ paddingLeft: row.depth * 18 }}>
      <i className={row.isOpen ? 'twist open' : 'twist'} aria-hidden="true" />
      <bdi>{row.label}/</bdi>
      <span className="count">{row.claims}</span>
      {row.states.map((state) => (
        <Pill key={state} level={CLAIM_STATES[state].level}>
          {CLAIM_STATES[state].word}
        </Pill>
      ))}
    </div>
  )
}

function ClaimRow({ row }: { row: ClaimRowOf }): ReactNode {
  const { repo } = useBoard()
  const now = useNow()
  const { claim } = row
  const waiting = waitersFor(claim.id, repo?.queue ?? []).length
  return (
    <div className="claim" style={{ paddingLeft: row.depth * 18 + 18 }}>
      <span className="claim-path">
        <bdi className="path">{row.label}</bdi>
        <ClaimMarks claim={claim} waiting={waiting} />
      </span>
      <span className="claim-holder">
        <Name>{claim.agent}</Name>
        <span className="quiet machine">{claim.machine}</span>
      </span>
      <span className="claim-times">
        <span className="quiet" title="since it was granted">
          {ageOf(claim.granted_at, now)}
        </span>
        <Left claim={claim} now={now} />
      </span>
      <span className="fence quiet number" title="fence">
        {claim.fence === null ? 'no fence' : `#${String(claim.fence % 2 ** 32)}`}
      </span>
    </div>
  )
}

export function ClaimMarks({ claim, waiting }: { claim: Claim; waiting: number }): ReactNode {
  const { level, word } = CLAIM_STATES[claim.state]
  return (
    <>
      {claim.state === 'active' ? null : <Pill level={level}>{word}</Pill>}
      {claim.mode === 'shared' ? <Pill level="plain">shared</Pill> : null}
      {claim.except.length === 0 ? null : <Pill level="plain">narrowed</Pill>}
      {waiting === 0 ? null : <Pill level="warning">{`${String(waiting)} waiting`}</Pill>}
    </>
  )
}

/** What is left, as a word and as a bar. */
function Left({ claim, now }: { claim: Claim; now: number }): ReactNode {
  const [from, until] = [Date.parse(claim.granted_at), Date.parse(claim.expires_at)]
  const share = Math.max(0, Math.min(1, (until - now) / Math.max(1, until - from)))
  return (
    <span className={share < 0.15 ? 'left soon' : 'left'} title="time left">
      <span className="number">{leftUntil(claim.expires_at, now)}</span>
      <span className="left-bar" aria-hidden="true">
        <span style={{ width: `${String(Math.round(share * 100))}%` }} />
      </span>
    </span>
  )
}
