// The terminal as the board takes it and as it gives it back: the alternate screen keeps what stood there before. However the
// process ends that can still act, it ends on the screen of before, with its cursor and its line editing.
import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** xterm: the alternate screen, cleared, without a cursor, and without folding lines that are too long. */
const ENTER = '\u001b[?1049h\u001b[2J\u001b[?25l\u001b[?7l'
/** Attributes off, lines folded, cursor shown, the screen of before. */
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l'

export interface Terminal {
  /** Idempotent. */
  readonly leave: () => void
}

interface Input {
  readonly setRawMode?: (isRaw: boolean) => unknown
}

export function enterTerminal(stdin: Input, stdout: Writable & { readonly fd?: number }): Terminal {
  let isInside = true
  const leave = (): void => {
    if (!isInside) return
    isInside = false
    process.off('exit', leave)
    process.off('uncaughtException', leave)
    // The event loop may never turn again: what is written now has to be out now.
    if (stdout.fd === undefined) stdout.write(LEAVE)
    else tryTo(() => writeSync(stdout.fd ?? 1, LEAVE))
    tryTo(() => stdin.setRawMode?.(false))
  }
  process.once('exit', leave)
  // Before whoever tells of it: a message on the alternate screen is gone with it.
  process.prependListener('uncaughtException', leave)
  stdout.write(ENTER)
  return { leave }
}

/** The terminal may be gone, and nobody is left to be told. */
function tryTo(act: () => unknown): void {
  try {
    act()
  } catch {
    // Nothing is left to give back.
  }
}
