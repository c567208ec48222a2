// A worker's log in the place of the list: its end first, then what comes to it, piece after piece by bytes, so that it goes on where it
// stood when a call breaks.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type OperationResult } from '../protocol/index.ts'
import { LIST, type LogMode, type Ui } from './model/ui.ts'
import type { Session } from './session.ts'

type Piece = OperationResult<'log'>

/** So much of its end is read at first: some screens. */
const TAIL_BYTES = 64 * 1024
/** More is for `skein log`. */
const LINES_MAX = 5_000
/** A call asks the daemon to wait so long for more. */
const WAIT_SECONDS = 10
const RETRY_MS = 1_000

export function followChosen(session: Session): void {
  const { store, frame } = session
  const subject = frame.rows[frame.placed.index]?.subject ?? null
  if (subject?.kind !== 'worker') {
    store.set((ui) => ({ ...ui, note: { level: 'plain', text: 'choose a worker first (7)' } }))
    return
  }
  const { id, machine, task } = subject.worker
  const title = `${task} on ${machine}: log of ${id}`
  runs += 1
  const run = runs
  store.set((ui) => ({ ...ui, note: null, mode: opened(title, run) }))
  void follow(session, { id, run, repo: frame.board.repo?.id ?? '' })
}

/** One that was closed may still wait for an answer. */
let runs = 0

function opened(title: string, run: number): LogMode {
  return { kind: 'log', run, title, lines: [], top: null, status: '-- asking …' }
}

interface Followed {
  readonly id: string
  readonly run: number
  readonly repo: string
}

/** Until the page is closed, or the log has ended. Does not reject. */
async function follow(session: Session, { id, run, repo }: Followed): Promise<void> {
  const { host, store } = session
  const isShown = (): boolean => {
    const { mode } = store.get()
    return mode.kind === 'log' && mode.run === run && !host.interrupted.aborted
  }
  const show = (change: (mode: LogMode) => LogMode): void => {
    if (isShown()) store.set((ui) => withLog(ui, change))
  }
  let since: number | null = null
  while (isShown()) {
    try {
      since ??= await tailOf(host, repo, id)
      const piece: Piece = await host.call('log', { repo, id, since, wait_s: WAIT_SECONDS })
      const isCut: boolean = since > 0 && store.get().mode.kind === 'log' && isFirst(store.get())
      show((mode) => added(mode, piece, isCut))
      since = piece.next
      if (piece.ended) return
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      show((mode) => ({ ...mode, status: `-- ${error.message}  next: ${error.hint}` }))
      if (error.code === 'ASSIGNMENT_UNKNOWN') return
      await delay(RETRY_MS)
    }
  }
}

async function tailOf(host: Session['host'], repo: string, id: string): Promise<number> {
  const { total } = await host.call('log', { repo, id, since: Number.MAX_SAFE_INTEGER })
  return Math.max(0, total - TAIL_BYTES)
}

function isFirst({ mode }: Ui): boolean {
  return mode.kind === 'log' && mode.lines.length === 0
}

/** @param isCut it begins within a line */
function added(mode: LogMode, piece: Piece, isCut: boolean): LogMode {
  const text = isCut ? piece.text.replace(/^[^\n]*\n/, '') : piece.text
  const [head = '', ...rest] = text.split('\n')
  const known = mode.lines.slice(0, -1)
  const all = [...known, `${mode.lines.at(-1) ?? ''}${head}`, ...rest]
  const status = piece.ended ? '-- it has ended' : '-- following'
  return { ...mode, lines: all.slice(-LINES_MAX), status }
}

function withLog(ui: Ui, change: (mode: LogMode) => LogMode): Ui {
  return ui.mode.kind === 'log' ? { ...ui, mode: change(ui.mode) } : { ...ui, mode: LIST }
}
