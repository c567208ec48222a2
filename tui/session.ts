// One sitting before a board: what its components and its keys share.
import type { BoardFeed } from '../daemon/client/board/board-feed.ts'
import type { BoardHost } from '../daemon/client/board-host.ts'
import { createFrames, type Drawn, type Frame } from './frame.ts'
import type { Asked } from './model/board.ts'
import { boardOf } from './model/board.ts'
import { painter, type Paint } from './model/lines.ts'
import { newUi } from './model/ui.ts'
import { createStore, type Store } from './store.ts'
import { asRepoId } from '../protocol/index.ts'

export interface Session {
  readonly host: BoardHost
  readonly feed: BoardFeed
  readonly store: Store
  readonly paint: Paint
  /** What keys act on. */
  readonly frame: Frame
  /** What was drawn last. */
  drawn: Drawn
  /** Rises when everything is to be asked for anew. */
  asks: number
  readonly quit: () => void
  /** Draws everything anew, on an empty screen. */
  readonly redraw: () => void
  /** A whole picture, line by line. */
  readonly draw: (picture: readonly string[]) => void
}

/** Below it details stand in the place of the list. */
export const WIDE_CELLS = 120

const NOTHING_ASKED: Asked = { hotspots: null, events: null }

export function newSession(
  host: BoardHost,
  feed: BoardFeed,
  width: number,
  ways: Pick<Session, 'quit' | 'redraw' | 'draw'>,
): Session {
  const repo = host.repo === null ? null : asRepoId(host.repo)
  const store = createStore(newUi(repo, width >= WIDE_CELLS))
  const frames = createFrames()
  return {
    ...{ host, feed, store, asks: 0, paint: painter(host.isColourful), ...ways },
    drawn: { board: boardOf(feed.snapshot(), repo), asked: NOTHING_ASKED, height: 1, width },
    get frame() {
      return frames(this.drawn, store.get())
    },
  }
}
