// The terminal board on the first machine of the demonstration while its story plays, with the newest of the story below. When the
// board is over, by a key or because the story is, what was told meanwhile stands on the terminal as if there had been none.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import type { Telling } from '../../client/board-host.ts'
import type { Scenery } from '../../demo/scenery/scenery.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { Machine } from '../machine.ts'
import { hostOf, isForBoard } from './board.ts'

export interface DemoBoard {
  /** What the story tells now. @param short the same, without colours, line by line. */
  readonly tell: (short: readonly string[]) => void
  /** Resolves when it is left; rejects with what ended it. */
  readonly left: Promise<void>
  /** The last picture stays for a moment; then the board goes. Idempotent. */
  readonly end: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Time for a look at how it ended. */
const LAST_LOOK_MS = 4_000

/** Before anything is started. @throws SkeinError INPUT_USAGE */
export function requireTerminal({ fields }: Command, io: Io): void {
  if (isForBoard(io) && fields['json'] !== true && fields['quiet'] !== true) return
  throw new SkeinError('INPUT_USAGE', 'A board needs a terminal, and a story that is shown.', {
    hint: 'skein demo',
  })
}

export function openDemoBoard(
  scenery: Scenery,
  command: Command,
  io: Io,
  machine: Machine,
): DemoBoard {
  const [{ home, clone }] = scenery.machines as [Scenery['machines'][number]]
  const telling = createTelling()
  const over = new AbortController()
  const own: Io = { ...io, env: { ...withoutOwn(io.env), SKEIN_HOME: home }, cwd: clone }
  const left = machine.runBoard({
    ...hostOf({ ...command, fields: {} }, own),
    telling,
    interrupted: AbortSignal.any([io.interrupted, scenery.signal, over.signal]),
  })
  // Whoever awaits it hears of its failure.
  left.catch(() => undefined)
  const close = async (): Promise<void> => {
    over.abort()
    await left
  }
  return {
    ...{ tell: telling.add, left, close },
    async end() {
      const signal = AbortSignal.any([over.signal, scenery.signal])
      await Promise.race([left, delay(LAST_LOOK_MS, undefined, { signal }).catch(() => undefined)])
      await close()
    },
  }
}

/** Who watches has a name and a session of their own: on the board of the demonstration they are a guest. */
function withoutOwn(env: Io['env']): Io['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SKEIN_')))
}

/** More is not on the screen at once. */
const LINES_MAX = 20

function createTelling(): Telling & { readonly add: (lines: readonly string[]) => void } {
  const listeners = new Set<() => void>()
  let told: readonly string[] = []
  return {
    lines: () => told,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    add(lines) {
      const said = lines.filter((line) => line.trim() !== '')
      if (said.length === 0) return
      told = [...told, ...said].slice(-LINES_MAX)
      for (const listener of listeners) listener()
    },
  }
}
