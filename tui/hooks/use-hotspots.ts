// Where claims met most, asked for while somebody looks.
import { useEffect, useState } from 'react'
import type { BoardHost } from '../../daemon/client/board-host.ts'
import type { RepoId } from '../../protocol/index.ts'
import type { Hotspot } from '../model/board.ts'

/** It counts days. */
const AGAIN_MS = 5_000
const SHOWN_MAX = 200

/** Null until the first answer. */
export function useHotspots(host: BoardHost, repo: RepoId | null, isShown: boolean) {
  const [hotspots, setHotspots] = useState<readonly Hotspot[] | null>(null)
  useEffect(() => {
    if (!isShown || repo === null) return undefined
    let isOver = false
    const ask = (): void => {
      host.call('hotspots', { repo, limit: SHOWN_MAX }).then(
        (answer) => {
          if (!isOver) setHotspots(answer.hotspots)
        },
        // The last answer stays until there is another one; that the daemon is gone stands above it.
        () => undefined,
      )
    }
    ask()
    const timer = setInterval(ask, AGAIN_MS)
    return () => {
      isOver = true
      clearInterval(timer)
      setHotspots(null)
    }
  }, [host, repo, isShown])
  return hotspots
}
