// What will happen, by virtual time; events of one instant in the order in which they were planned.

export interface Planned {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class EventHeap {
  readonly #heap: Planned[] = []
  #order = 0

  push(at: number, run: () => void): void {
    const heap = this.#heap
    const item = { at, order: this.#order++, run }
    let i = heap.length
    heap.push(item)
    while (i > 0) {
      const up = (i - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !isBefore(item, parent)) break
      heap[i] = parent
      i = up
    }
    heap[i] = item
  }

  /** The next event, if it comes by then. */
  popUntil(at: number): Planned | undefined {
    const first = this.#heap[0]
    return first !== undefined && first.at <= at ? this.#pop() : undefined
  }

  #pop(): Planned | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      const a = heap[left]
      if (a === undefined) break
      const b = heap[left + 1]
      const [child, at] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left]
      if (!isBefore(child, last)) break
      heap[i] = child
      i = at
    }
    heap[i] = last
    return first
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
