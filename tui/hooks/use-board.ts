// The feed's snapshots as boards, as often as this process can afford: at once when little happens, seldom when much does.
import { useEffect, useState } from 'react'
import { firstRepo } from '../../daemon/client/board/standing.ts'
import { asRepoId, type RepoId } from '../../protocol/index.ts'
import { boardOf, type Board } from '../model/board.ts'
import type { Session } from '../session.ts'

/** Below what a person sees as late, with time for the frame after it. */
const PAUSE_MS_MIN = 40
const PAUSE_MS_MAX = 400
/** Of a core: drawing is to leave the machine to whoever works on it. */
const SHARE_MAX = 0.2

export function useBoard(session: Session, repo: RepoId | null): Board {
  const { feed } = session
  const [board, setBoard] = useState(() => boardOf(feed.snapshot(), repo))
  useEffect(() => {
    const pace = createPace()
    let timer: ReturnType<typeof setTimeout> | null = null
    let isOld = true
    const show = (): void => {
      timer = null
      if (!isOld) return
      isOld = false
      pace.note()
      setBoard(boardOf(feed.snapshot(), followOne(session, repo)))
      timer = setTimeout(show, pace.pauseMs())
    }
    const end = feed.subscribe(() => {
      isOld = true
      timer ??= setTimeout(show, 0)
    })
    show()
    return () => {
      end()
      if (timer !== null) clearTimeout(timer)
    }
  }, [session, feed, repo])
  return board
}

/** The one that is chosen, or one that suits the place where the board was called; it stays the same from then on. */
function followOne({ feed, host, store }: Session, repo: RepoId | null): RepoId | null {
  const known = feed.snapshot().status?.repos.map(({ id }) => id) ?? []
  const id = repo ?? asked(host.repo) ?? firstRepo(feed.snapshot(), host.folder)
  if (id === null) return null
  // Of a repository that is not enrolled nothing would ever come.
  if (feed.snapshot().status !== null && !known.includes(id)) return id
  if (!feed.snapshot().repos.has(id)) feed.watch([id])
  if (repo === null && known.length > 0) store.set((ui) => ({ ...ui, repo: id }))
  return id
}

function asked(repo: string | null): RepoId | null {
  return repo === null ? null : asRepoId(repo)
}

/** The pause grows while this process uses more than its share of a core, and shrinks when it uses less. */
function createPace() {
  let pauseMs = PAUSE_MS_MIN
  let used = process.cpuUsage()
  let at = performance.now()
  return {
    pauseMs: () => pauseMs,
    note() {
      const elapsedMs = performance.now() - at
      if (elapsedMs < PAUSE_MS_MIN) return
      const { user, system } = process.cpuUsage(used)
      const share = (user + system) / 1_000 / elapsedMs
      const next = share > SHARE_MAX ? pauseMs * 1.25 : pauseMs * 0.8
      pauseMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, next))
      used = process.cpuUsage()
      at = performance.now()
    },
  }
}
