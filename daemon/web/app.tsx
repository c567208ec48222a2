// The board: what it knows, which view is shown, and what surrounds the views.
import { useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react'
import { asRepoId, SYNC_CLOSE, type Claim, type RepoId } from '../../protocol/index.ts'
import { claimsIn } from '../client/board/claims.ts'
import { firstRepo } from '../client/board/standing.ts'
import { workersIn } from '../client/board/workers.ts'
import { Alarms, Bar, Navigation, Toast } from './frame.tsx'
import { createCall } from './state/api.ts'
import { BoardContext, type Board, type Selected, type ViewName } from './state/board.ts'
import type { PacedFeed } from './state/feed.ts'
import { forget, type Login } from './state/login.ts'
import { useEventLog } from './state/record.ts'
import { useKept } from './state/settings.ts'
import { Claims } from './views/claims.tsx'
import { Detail } from './views/detail.tsx'
import { Events } from './views/events.tsx'
import { HotSpots } from './views/hotspots.tsx'
import { Overview } from './views/overview.tsx'
import { Queue } from './views/queue.tsx'
import { Requests } from './views/requests.tsx'
import { Timeline } from './views/timeline.tsx'
import { Workers } from './views/workers.tsx'

interface AppOptions {
  readonly login: Login
  readonly feed: PacedFeed
  readonly onEnd: () => void
}

const VIEWS: Readonly<Record<ViewName, () => ReactNode>> = {
  overview: Overview,
  claims: Claims,
  queue: Queue,
  requests: Requests,
  workers: Workers,
  hotspots: HotSpots,
  timeline: Timeline,
  events: Events,
}

export function App(options: AppOptions): ReactNode {
  const board = useWholeBoard(options)
  const [view, go] = useView()
  const { selected } = board
  const View = VIEWS[view]
  useSearchKey()
  const value = useMemo<Board>(() => ({ ...board, go }), [board, go])
  return (
    <BoardContext value={value}>
      <div className={selected === null ? 'app' : 'app with-detail'}>
        <Bar onLeave={options.onEnd} />
        <Navigation view={view} />
        <main>
          <Alarms />
          <View key={view} />
        </main>
        {selected === null ? null : <Detail key={selected.id} selected={selected} />}
        <Toast
          text={board.said}
          onDone={() => {
            board.say('')
          }}
        />
      </div>
    </BoardContext>
  )
}

type Whole = Omit<Board, 'go'> & { readonly said: string }

function useWholeBoard({ login, feed, onEnd }: AppOptions): Whole {
  const snapshot = useSyncExternalStore(feed.subscribe, feed.snapshot)
  const [wanted, setWanted] = useKept<string | null>('repo', null)
  const [selected, select] = useKept<Selected | null>('selected', null)
  const [hours, setHours] = useKept('hours', 24)
  const [said, say] = useState('')
  const isThere = snapshot.status?.repos.some(({ id }) => id === wanted) ?? wanted !== null
  const id = isThere && wanted !== null ? asRepoId(wanted) : firstRepo(snapshot, null)
  const { connection } = snapshot
  const hasEnded = connection.kind === 'lost' && connection.code === SYNC_CLOSE.ended
  useEffect(() => {
    if (hasEnded) onEnd()
  }, [hasEnded, onEnd])
  useEffect(() => {
    feed.watch(id === null ? [] : [id])
  }, [feed, id])
  const call = useMemo(
    () =>
      createCall(login, () => {
        forget()
        onEnd()
      }),
    [login, onEnd],
  )
  const repo = (id === null ? undefined : snapshot.repos.get(id)) ?? null
  const claims = useMemo((): readonly Claim[] => (repo === null ? [] : claimsIn(repo)), [repo])
  const workers = useMemo(() => (repo === null ? [] : workersIn(repo)), [repo])
  const log = useEventLog(call, id, hours, repo?.version ?? 0)
  return useMemo(
    () => ({
      ...{ login, call, snapshot, repo, claims, workers, log, hours, selected, said },
      ...{ setHours, select, say },
      setRepo: (next: RepoId) => {
        setWanted(next)
        select(null)
      },
    }),
    [login, call, snapshot, repo, claims, workers, log, hours, selected, said],
  )
}

/** The view stands in the address, so that a reload and the way back find it. */
function useView(): [ViewName, (view: ViewName) => void] {
  const [view, setView] = useState(viewInAddress)
  useEffect(() => {
    const look = (): void => {
      setView(viewInAddress())
    }
    addEventListener('hashchange', look)
    return () => {
      removeEventListener('hashchange', look)
    }
  }, [])
  const go = useMemo(
    () =>
      (next: ViewName): void => {
        location.hash = `/${next}`
      },
    [],
  )
  return [view, go]
}

function viewInAddress(): ViewName {
  const name = location.hash.slice(2)
  return Object.hasOwn(VIEWS, name) ? (name as ViewName) : 'overview'
}

/** `/` leads to the search of the view. */
function useSearchKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, textarea')
      const search = document.querySelector<HTMLElement>('[data-search]')
      if (event.key !== '/' || isTyping || search === null) return
      event.preventDefault()
      search.focus()
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [])
}
