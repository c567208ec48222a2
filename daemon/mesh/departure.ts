// This machine's way out of the mesh that it is in. It is noted before it is gone, so that a crash changes nothing; what is
// granted between the note and the end of the last ledger goes along.
import { writeCrossing, type Carried, type Crossing } from './crossing.ts'

export interface Departure {
  /** Notes the way; durable when it returns. Whoever wants something changed here has to wait from then on. @returns what goes along */
  begin(way: Way, carried: () => readonly Carried[]): readonly Carried[]
  readonly isBegun: () => boolean
  /** Notes it anew, once nothing can change here any more. */
  finish(): void
}

type Way = Pick<Crossing, 'from' | 'to' | 'welcome' | 'atMs'>

export function createDeparture(home: string): Departure {
  let write: (() => readonly Carried[]) | null = null
  return {
    begin(way, carriedNow) {
      write = () => {
        const carried = carriedNow()
        writeCrossing(home, { ...way, isMoved: false, carried })
        return carried
      }
      return write()
    },
    isBegun: () => write !== null,
    finish() {
      write?.()
    },
  }
}
