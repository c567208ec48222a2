// The twin of durable.ts for simulations: a disk that outlives its stores, on which nothing happens by itself. The
// simulator says when waiting writes become durable, what a crash leaves of them, and what fails.
//
// 1. The same calls give the same disk: no time, no chance, no callback but from within MemoryDisk's methods and close.
// 2. What a crash keeps is the synced part and a prefix of the writes that waited; a replacement is kept whole or not.
// 3. The disk holds copies: what a caller does to its bytes later changes nothing.
import { SkeinError, assert, unreachable } from '../../protocol/index.ts'
import type { Frame, LedgerStore, LedgerStoreEvents, LoadedLog } from '../ports.ts'
import { HEADER_BYTES, frameBytes } from './frames.ts'

/** One position's worth of change that waits for its sync. */
type Write =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'replacement'; readonly frames: readonly Frame[] }

/** A disk as it was, to be put back later: a restored backup, a virtual machine rolled back. */
export interface MemoryDiskSnapshot {
  readonly frames: readonly Frame[]
}

interface Mounted {
  synced(writes: number): void
  failed(error: Error): void
}

/** The disk under one ledger's log. At most one store is on it; a crash takes that store off. */
export class MemoryDisk {
  #synced: Frame[] = []
  #waiting: Write[] = []
  #tornBytes = 0
  #isDamaged = false
  #nextFailure: Error | null = null
  /** Nothing becomes durable any more until the next crash or mount. */
  #hasFailed = false
  #mounted: Mounted | null = null

  /** Positions that were appended and are not yet durable. */
  unsynced(): number {
    return this.#waiting.length
  }

  /** Makes the oldest `count` waiting positions durable, all when left out, and tells the store once. */
  sync(count = this.#waiting.length): void {
    if (this.#hasFailed) return
    const failure = this.#nextFailure
    if (failure !== null && this.#mounted !== null) {
      this.#nextFailure = null
      this.#hasFailed = true
      this.#mounted.failed(failure)
      return
    }
    const writes = this.#waiting.splice(0, count)
    this.#keep(writes)
    if (writes.length > 0) this.#mounted?.synced(writes.length)
  }

  /** The next sync fails: its store is dead, and what waited stays for a crash to keep or drop. */
  failNextSync(error: Error = new SkeinError('HOME_UNUSABLE', 'The simulated disk failed.')): void {
    this.#nextFailure = error
  }

  /** The process ends at once. The oldest `kept` waiting positions reached the disk all the same; of the next, `tornBytes`. */
  crash(kept = 0, tornBytes = 0): void {
    this.#keep(this.#waiting.slice(0, kept))
    this.#waiting = []
    this.#tornBytes = tornBytes
    this.#nextFailure = null
    this.#hasFailed = false
    this.#mounted = null
  }

  /** Something that was durable has rotted: loads are refused from now on. */
  damage(): void {
    this.#isDamaged = true
  }

  snapshot(): MemoryDiskSnapshot {
    return { frames: [...this.#synced] }
  }

  /** Crashes, and puts an earlier content back; with none, an empty disk. */
  restore(snapshot: MemoryDiskSnapshot = { frames: [] }): void {
    this.crash()
    this.#synced = [...snapshot.frames]
    this.#isDamaged = false
  }

  /** For the store: puts it on the disk and reads all there is. */
  mount(mounted: Mounted): LoadedLog {
    assert(this.#mounted === null, 'a disk has one store at a time')
    if (this.#isDamaged) throw new SkeinError('LEDGER_DAMAGED', 'The simulated disk is damaged.')
    this.#mounted = mounted
    // What a store that closed after a failure left behind, with no crash that kept some of it.
    this.#waiting = []
    this.#hasFailed = false
    const tornBytes = this.#tornBytes
    this.#tornBytes = 0
    return { frames: [...this.#synced], tornBytes }
  }

  /** For the store: takes it off, unless a crash did. */
  unmount(mounted: Mounted): void {
    if (this.#mounted === mounted) this.#mounted = null
  }

  /** For the store: waits behind everything before it. A store that crashed writes nowhere. */
  write(mounted: Mounted, writes: readonly Write[]): void {
    if (this.#mounted !== mounted) return
    for (const write of writes) this.#waiting.push(write)
  }

  /** For the store: is it on the disk still? */
  holds(mounted: Mounted): boolean {
    return this.#mounted === mounted
  }

  #keep(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'replacement') this.#synced = [...write.frames]
      else this.#synced.push(write.frame)
    }
  }
}

/** A store on this disk. Positions count from this opening on. */
export function createMemoryStore(disk: MemoryDisk, events: LedgerStoreEvents): LedgerStore {
  return new MemoryStore(disk, events)
}

class MemoryStore implements LedgerStore, Mounted {
  readonly #disk: MemoryDisk
  readonly #events: LedgerStoreEvents
  #state: 'new' | 'open' | 'dead' | 'closed' = 'new'
  #position = 0
  #durable = 0
  #size = HEADER_BYTES

  constructor(disk: MemoryDisk, events: LedgerStoreEvents) {
    this.#disk = disk
    this.#events = events
  }

  load(): Promise<LoadedLog> {
    return new Promise((resolve) => {
      assert(this.#state === 'new', 'a log is loaded once, before its close')
      const loaded = this.#disk.mount(this)
      this.#state = 'open'
      this.#size = bytesOf(loaded.frames)
      resolve(loaded)
    })
  }

  append(frames: readonly Frame[]): number {
    this.#requireOpen()
    this.#position += frames.length
    if (this.#state === 'dead') return this.#position
    const writes = frames.map((frame): Write => ({ kind: 'frame', frame: copyOf(frame) }))
    this.#disk.write(this, writes)
    for (const frame of frames) this.#size += frameBytes(frame)
    return this.#position
  }

  replace(frames: readonly Frame[]): number {
    this.#requireOpen()
    this.#position += 1
    if (this.#state === 'dead') return this.#position
    this.#disk.write(this, [{ kind: 'replacement', frames: frames.map(copyOf) }])
    this.#size = bytesOf(frames)
    return this.#position
  }

  size(): number {
    return this.#size
  }

  close(): Promise<void> {
    if (this.#state === 'open' && this.#disk.holds(this)) this.#disk.sync()
    this.#state = 'closed'
    this.#disk.unmount(this)
    return Promise.resolve()
  }

  synced(writes: number): void {
    this.#durable += writes
    this.#events.onDurable(this.#durable)
  }

  failed(error: Error): void {
    this.#state = 'dead'
    this.#events.onFailure(error)
  }

  #requireOpen(): void {
    assert(this.#state !== 'new', 'a log is loaded before it is written')
    assert(this.#state !== 'closed', 'a closed log is not written')
  }
}

function bytesOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, frame) => sum + frameBytes(frame), HEADER_BYTES)
}

function copyOf(frame: Frame): Frame {
  switch (frame.kind) {
    case 'update':
    case 'record':
      return { kind: frame.kind, bytes: Uint8Array.from(frame.bytes) }
    case 'promise':
      return frame
    case 'meta':
      return { kind: 'meta', value: structuredClone(frame.value) }
    default:
      return unreachable(frame)
  }
}
