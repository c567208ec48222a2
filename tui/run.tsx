// A board on a terminal, from its start to its end. It draws until a key, a signal or a failure ends it, and leaves the
// terminal as it found it.
import { ReadStream, WriteStream } from 'node:tty'
import { render } from 'ink'
import { createBoardFeed } from '../daemon/client/board/board-feed.ts'
import type { BoardHost } from '../daemon/client/board-host.ts'
import { openOverSocket } from '../daemon/client/board/over-socket.ts'
import { assert, useSha256 } from '../protocol/index.ts'
import { App } from './app.tsx'
import { Screen } from './screen.ts'
import { newSession, type Session } from './session.ts'
import { enterTerminal } from './terminal.ts'

/** A window that is drawn larger says so many times. */
const RESIZE_MS = 60

/** Resolves when the person leaves. @param sha256 of the platform, for the fold */
export async function runBoard(
  host: BoardHost,
  sha256: Parameters<typeof useSha256>[0],
): Promise<void> {
  useSha256(sha256)
  const { stdin, stdout } = host
  assert(stdin instanceof ReadStream && stdout instanceof WriteStream, 'a board has a terminal')
  const feed = createBoardFeed({
    open: (name) => openOverSocket(host.socket(), name),
    random: () => Math.floor(Math.random() * 2 ** 32),
  })
  const terminal = enterTerminal(stdin, stdout)
  const screen = new Screen(stdout)
  const over = Promise.withResolvers<undefined>()
  const quit = (): void => {
    over.resolve(undefined)
  }
  const redraw = (): void => {
    screen.forget()
    // Another object with the same choices: everything is drawn for the size of now.
    session.store.set((ui) => ({ ...ui }))
  }
  const session = newSession(host, feed, stdout.columns, { quit, redraw, draw: screen.draw })
  const unlisten = listen(host, stdout, { quit, redraw })
  // Ink has the keys and the hooks; what it would write is nothing, and goes nowhere.
  const drawn = render(<App session={session} />, {
    ...{ stdin, stdout: screen as unknown as NodeJS.WriteStream, debug: true },
    ...{ exitOnCtrlC: false, patchConsole: false },
  })
  drawn.waitUntilExit().then(quit, over.reject)
  try {
    await over.promise
  } finally {
    unlisten()
    screen.close()
    drawn.unmount()
    feed.close()
    terminal.leave()
  }
}

type Ways = Pick<Session, 'quit' | 'redraw'>

/** To what ends or changes the screen from outside. @returns what ends it. */
function listen(host: BoardHost, stdout: NodeJS.WriteStream, { quit, redraw }: Ways): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null
  const resized = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(redraw, RESIZE_MS)
  }
  stdout.on('resize', resized)
  // Stopped and back again: what is on the screen is anybody's.
  process.on('SIGCONT', redraw)
  // A terminal that went away takes the board with it.
  process.once('SIGHUP', quit)
  host.interrupted.addEventListener('abort', quit, { once: true })
  return () => {
    if (timer !== null) clearTimeout(timer)
    stdout.off('resize', resized)
    process.off('SIGCONT', redraw)
    process.off('SIGHUP', quit)
    host.interrupted.removeEventListener('abort', quit)
  }
}
