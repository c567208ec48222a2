// A disk under one log. Writes wait for a sync; a crash keeps a prefix of them. In byte mode the prefix is cut anywhere,
// also inside a frame, with rubbish behind the cut, and the log is read back by the production codec.
import type { Frame } from '../../daemon/ports.ts'
import type { PersistOrder } from '../../daemon/core/consensus/types.ts'
import { decodeLog, encodeLog } from '../../daemon/storage/log-image.ts'
import { encodeFrame, encodeMark } from '../../daemon/storage/frames.ts'
import { check } from './violation.ts'
import type { Prng } from './prng.ts'

interface FrameWrite {
  readonly kind: 'frame'
  readonly frame: Frame
}

interface ReplaceWrite {
  readonly kind: 'replace'
  readonly frames: readonly Frame[]
}

type Write = FrameWrite | ReplaceWrite

/** What the disk tells about its durable content, for checks from outside. */
export interface DiskObserver {
  kept(frame: Frame): void
  emptied(): void
}

export class SimDisk {
  #synced: Frame[]
  #waiting: Write[] = []
  #syncing = 0
  #durable = 0
  readonly #observer: DiskObserver
  /** The file as bytes, when tears inside frames are to be tried. */
  #image: Buffer | null = null
  readonly #logId: Uint8Array
  bytesWritten = 0

  constructor(frames: readonly Frame[], observer: DiskObserver, byteMode: Uint8Array | null) {
    this.#synced = [...frames]
    this.#observer = observer
    this.#logId = byteMode ?? new Uint8Array(8)
    if (byteMode !== null) this.#image = Buffer.from(encodeLog(this.#logId, frames))
    for (const frame of frames) observer.kept(frame)
  }

  /** Frames for a new process; its positions count from 0. */
  load(): readonly Frame[] {
    this.#durable = 0
    return [...this.#synced]
  }

  write(orders: readonly PersistOrder[]): void {
    for (const order of orders) {
      if (order.kind === 'replace') this.#waiting.push({ kind: 'replace', frames: order.frames })
      else for (const frame of order.frames) this.#waiting.push({ kind: 'frame', frame })
    }
  }

  needsSync(): boolean {
    return this.#syncing === 0 && this.#waiting.length > 0
  }

  startSync(): void {
    this.#syncing = this.#waiting.length
  }

  /** Returns the position that is durable now. */
  finishSync(): number {
    const writes = this.#waiting.splice(0, this.#syncing)
    this.#syncing = 0
    this.#keep(writes)
    if (this.#image !== null) this.#image = this.#imageAfter(this.#image, writes)
    this.#durable += writes.length
    return this.#durable
  }

  /** The process dies: a prefix of what waited reached the disk. */
  crash(prng: Prng): void {
    const reached = prng.chance(0.3) ? 0 : prng.int(this.#waiting.length + 1)
    let writes = this.#waiting.slice(0, reached)
    if (this.#image !== null) writes = this.#tear(this.#image, prng)
    this.#keep(writes)
    this.#waiting = []
    this.#syncing = 0
  }

  wipe(frames: readonly Frame[]): void {
    this.#waiting = []
    this.#syncing = 0
    this.#synced = [...frames]
    this.#observer.emptied()
    for (const frame of frames) this.#observer.kept(frame)
    if (this.#image !== null) this.#image = Buffer.from(encodeLog(this.#logId, frames))
  }

  #keep(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'replace') {
        this.#synced = [...write.frames]
        this.#observer.emptied()
        for (const frame of write.frames) this.#observer.kept(frame)
        this.bytesWritten = 0
      } else {
        this.#synced.push(write.frame)
        this.#observer.kept(write.frame)
        if (write.frame.kind === 'update') this.bytesWritten += write.frame.bytes.length
      }
    }
  }

  #imageAfter(image: Buffer, writes: readonly Write[]): Buffer {
    let start = image
    const parts: Uint8Array[] = []
    for (const write of writes) {
      if (write.kind === 'replace') {
        start = Buffer.from(encodeLog(this.#logId, write.frames))
        parts.length = 0
      } else {
        if (parts.length === 0) parts.push(encodeMark(this.#logId, start.length))
        parts.push(encodeFrame(write.frame))
      }
    }
    return Buffer.concat([start, ...parts])
  }

  /** Cuts the unsynced bytes anywhere and reads the rest as a start would. Returns the writes that survived. */
  #tear(image: Buffer, prng: Prng): Write[] {
    const lastReplace = this.#waiting.findLastIndex((write) => write.kind === 'replace')
    // A replacement is atomic, and one job at a time: either the crash came before it or after.
    const replaceKept = lastReplace >= 0 && prng.chance(0.5)
    const before = replaceKept ? this.#waiting.slice(0, lastReplace + 1) : []
    const base = this.#imageAfter(image, before)
    const rest = this.#waiting.slice(before.length)
    const firstReplace = rest.findIndex((write) => write.kind === 'replace')
    const frames = firstReplace < 0 ? rest : rest.slice(0, firstReplace)
    const full = this.#imageAfter(base, frames)
    const cut = prng.chance(0.1)
      ? full.length
      : base.length + prng.int(full.length - base.length + 1)
    const torn = Buffer.from(full.subarray(0, prng.chance(0.5) ? cut : full.length))
    if (torn.length > cut) {
      // Pages that never reached the disk: zeros, or what was there before.
      const isZero = prng.chance(0.5)
      for (let at = cut; at < torn.length; at++) torn[at] = isZero ? 0 : prng.int(256)
    }
    const read = decodeLog(torn, 'the simulated log')
    const synced = this.#framesAfter(before)
    const survived = read.frames.length - synced
    check(
      survived >= 0 && survived <= frames.length,
      'storage',
      `a torn log gave ${String(read.frames.length)} frames of ${String(synced)} synced and ${String(frames.length)} more`,
    )
    this.#image = torn.subarray(0, read.end)
    return [...before, ...frames.slice(0, survived)]
  }

  #framesAfter(writes: readonly Write[]): number {
    let count = this.#synced.length
    for (const write of writes) count = write.kind === 'replace' ? write.frames.length : count + 1
    return count
  }
}
