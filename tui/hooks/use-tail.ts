// The last lines of the log of the worker that is chosen, while somebody looks at it.
import { useEffect, useState } from 'react'
import type { BoardHost } from '../../daemon/client/board-host.ts'
import { isOpen } from '../../daemon/client/board/workers.ts'
import type { RepoId } from '../../protocol/index.ts'
import type { Subject } from '../model/board.ts'

/** Whoever scrolls through a list asks for none of it. */
const STILL_MS = 250
const AGAIN_MS = 2_000
const BYTES = 4_096
const LINES = 8

/** Empty where nothing was said, or where nobody can be asked. */
export function useTail(
  host: BoardHost,
  repo: RepoId | null,
  subject: Subject | null,
): readonly string[] {
  const worker = subject?.kind === 'worker' ? subject.worker : null
  const id = worker?.id ?? null
  const isRunning = worker !== null && isOpen(worker)
  const [known, setKnown] = useState<{
    readonly id: string
    readonly lines: readonly string[]
  } | null>(null)
  useEffect(() => {
    if (id === null || repo === null) return undefined
    const over = new AbortController()
    const isOver = (): boolean => over.signal.aborted
    let total = -1
    const ask = async (): Promise<void> => {
      const { total: now } = await host.call('log', { repo, id, since: Number.MAX_SAFE_INTEGER })
      if (now === total || isOver()) return
      total = now
      const since = Math.max(0, now - BYTES)
      const { text } = await host.call('log', { repo, id, since })
      const whole = since === 0 ? text : text.replace(/^[^\n]*\n/, '')
      const lines = whole.split('\n').filter((line) => line.trim() !== '')
      if (!isOver()) setKnown({ id, lines: lines.slice(-LINES) })
    }
    let timer: ReturnType<typeof setTimeout>
    const look = (): void => {
      // Of a machine that is away there is no log, which the board says above.
      ask()
        .catch(() => undefined)
        .finally(() => {
          if (isRunning && !isOver()) timer = setTimeout(look, AGAIN_MS)
        })
    }
    timer = setTimeout(look, STILL_MS)
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [host, repo, id, isRunning])
  return known !== null && known.id === id ? known.lines : NONE
}

const NONE: readonly string[] = []
