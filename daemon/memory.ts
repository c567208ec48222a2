// Gives memory back when the daemon rests. V8 lets its heap grow to several times of what lives in it, and shrinks it at the
// next collections; a daemon that is quiet after much work would have none for hours.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const LOOK_MS = 2_000
/** Less processor time than this between two looks is rest. */
const QUIET_MS = 50
/** So much work since the last rest makes a collection worth its 20 ms. */
const WORK_MS = 1_000
/** Each collection lets V8 give back a part. */
const COLLECTIONS = 4

export interface Memory {
  stop(): void
}

/** Of this process; tests bring their own. */
export interface Heap {
  /** Processor time so far, in milliseconds. */
  readonly usedMs: () => number
  readonly collect: () => void
}

export function startMemory(heap: Heap = ownHeap()): Memory {
  const look = createLook(heap)
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

/** To be called from time to time; it collects after much work, while there is little. */
export function createLook({ usedMs, collect }: Heap): () => void {
  let seenMs = usedMs()
  let workMs = 0
  let left = 0
  return () => {
    const now = usedMs()
    const used = now - seenMs
    seenMs = now
    workMs += used
    if (used >= QUIET_MS) return
    if (left === 0 && workMs >= WORK_MS) left = COLLECTIONS
    if (left === 0) return
    left--
    workMs = 0
    collect()
    // What the collection takes is no work.
    seenMs = usedMs()
  }
}

function ownHeap(): Heap {
  setFlagsFromString('--expose-gc')
  return {
    usedMs: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1_000
    },
    collect: runInNewContext('gc') as () => void,
  }
}
