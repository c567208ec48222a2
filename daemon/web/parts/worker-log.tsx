// What a worker says, as it says it: the end of its log first, then what comes to it, by bytes, so that it goes on where it stood.
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { CallError, type Call } from '../state/api.ts'
import { useBoard } from '../state/board.ts'

const TAIL_BYTES = 16 * 1024
/** More is for `skein log`. */
const CHARACTERS_MAX = 200_000
/** A call asks the daemon to wait so long for more. */
const WAIT_SECONDS = 10
const RETRY_MS = 2_000

interface Shown {
  readonly text: string
  readonly status: string
}

export function WorkerLog({ id }: { id: string }): ReactNode {
  const { call, repo } = useBoard()
  const [shown, setShown] = useState<Shown>({ text: '', status: 'asking …' })
  const box = useRef<HTMLPreElement>(null)
  const isAtEnd = useRef(true)
  const repoId = repo?.id
  useEffect(() => {
    if (repoId === undefined) return
    const over = new AbortController()
    void follow(call, { repo: repoId, id }, over.signal, setShown)
    return () => {
      over.abort()
    }
  }, [call, repoId, id])
  useEffect(() => {
    const { current } = box
    if (current !== null && isAtEnd.current) current.scrollTop = current.scrollHeight
  }, [shown])
  return (
    <>
      <h3>Log</h3>
      <pre
        ref={box}
        className="data log"
        tabIndex={0}
        role="log"
        aria-label="Log of the worker"
        aria-live="off"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 4
        }}
      >
        {shown.text === '' ? 'It has said nothing.' : shown.text}
      </pre>
      <p className="quiet">{shown.status}</p>
    </>
  )
}

/** Until the signal, or the end of the log. Does not reject. */
async function follow(
  call: Call,
  asked: { readonly repo: string; readonly id: string },
  over: AbortSignal,
  show: (shown: Shown) => void,
): Promise<void> {
  let since = -1
  let text = ''
  const isOver = (): boolean => over.aborted
  while (!isOver()) {
    try {
      if (since < 0) since = await tailOf(call, asked)
      const isCut = text === '' && since > 0
      const piece = await call('log', { ...asked, since, wait_s: WAIT_SECONDS })
      if (isOver()) return
      since = piece.next
      text = (text + (isCut ? piece.text.replace(/^[^\n]*\n/, '') : piece.text)).slice(
        -CHARACTERS_MAX,
      )
      show({ text, status: piece.ended ? 'It has ended.' : 'Following.' })
      if (piece.ended) return
    } catch (error) {
      if (isOver()) return
      show({ text, status: error instanceof Error ? error.message : String(error) })
      if (error instanceof CallError && error.code === 'ASSIGNMENT_UNKNOWN') return
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function tailOf(
  call: Call,
  asked: { readonly repo: string; readonly id: string },
): Promise<number> {
  const { total } = await call('log', { ...asked, since: Number.MAX_SAFE_INTEGER })
  return Math.max(0, total - TAIL_BYTES)
}
