// A map that forgets what was used longest ago, bounded in entries and in bytes.

export class BoundedCache<V> {
  private readonly entries = new Map<string, { readonly value: V; readonly bytes: number }>()
  private readonly limits: { readonly entriesMax: number; readonly bytesMax: number }
  private bytesHeld = 0

  constructor(limits: { readonly entriesMax: number; readonly bytesMax: number }) {
    this.limits = limits
  }

  get size(): number {
    return this.entries.size
  }

  get bytes(): number {
    return this.bytesHeld
  }

  get(key: string): V | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.value
  }

  /** What is larger than the whole cache is not kept. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key)
    if (bytes > this.limits.bytesMax) return
    this.entries.set(key, { value, bytes })
    this.bytesHeld += bytes
    for (const oldest of this.entries.keys()) {
      if (this.size <= this.limits.entriesMax && this.bytesHeld <= this.limits.bytesMax) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    this.bytesHeld -= entry.bytes
  }

  clear(): void {
    this.entries.clear()
    this.bytesHeld = 0
  }
}
