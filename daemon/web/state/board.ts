// What every view of the board is given.
import { createContext, useContext } from 'react'
import type { Claim, RepoId } from '../../../protocol/index.ts'
import type { BoardSnapshot, RepoSnapshot } from '../../client/board/board-feed.ts'
import type { WorkerRow } from '../../client/board/workers.ts'
import type { Call } from './api.ts'
import type { Login } from './login.ts'
import type { EventLog } from './record.ts'

export type ViewName =
  'overview' | 'claims' | 'queue' | 'requests' | 'workers' | 'hotspots' | 'timeline' | 'events'

/** What the detail pane shows. */
export interface Selected {
  readonly kind: 'claim' | 'wait' | 'request' | 'event' | 'worker' | 'proposal'
  readonly id: string
}

export interface Board {
  readonly login: Login
  readonly call: Call
  readonly snapshot: BoardSnapshot
  /** The repository that is looked at. */
  readonly repo: RepoSnapshot | null
  readonly claims: readonly Claim[]
  readonly workers: readonly WorkerRow[]
  readonly log: EventLog
  readonly hours: number
  readonly setHours: (hours: number) => void
  readonly selected: Selected | null
  readonly select: (selected: Selected | null) => void
  readonly go: (view: ViewName) => void
  readonly setRepo: (id: RepoId) => void
  /** Tells how an act went, for some seconds. */
  readonly say: (text: string) => void
}

export const BoardContext = createContext<Board | null>(null)

export function useBoard(): Board {
  const board = useContext(BoardContext)
  if (board === null) throw new Error('a view stands outside the board')
  return board
}
