// The one source of chance of a simulation: the same seed gives the same run.

export class Prng {
  #a: number
  #b: number
  #c: number
  #d: number

  /** sfc32, filled from the seed by splitmix32. */
  constructor(seed: number) {
    let state = seed >>> 0
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return (z ^ (z >>> 15)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = 1
    for (let i = 0; i < 12; i++) this.uint32()
  }

  uint32(): number {
    const t = (((this.#a + this.#b) >>> 0) + this.#d) >>> 0
    this.#d = (this.#d + 1) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) >>> 0
    this.#c = (this.#c + t) >>> 0
    return t
  }

  /** Uniform in [0, 1). */
  float(): number {
    return this.uint32() / 2 ** 32
  }

  /** Uniform in [0, below). */
  int(below: number): number {
    return Math.floor(this.float() * below)
  }

  between(min: number, max: number): number {
    return min + this.float() * (max - min)
  }

  chance(probability: number): boolean {
    return this.float() < probability
  }

  /** Exponential with this mean, cut at ten times it. */
  exponential(mean: number): number {
    return Math.min(10 * mean, -Math.log(1 - this.float()) * mean)
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.int(from.length)]
    if (found === undefined) throw new Error('a choice from nothing')
    return found
  }

  /** A choice by weight; weights of 0 are never chosen unless all are. */
  weighted<T>(from: readonly (readonly [T, number])[]): T {
    const total = from.reduce((sum, [, weight]) => sum + weight, 0)
    let left = this.float() * total
    for (const [value, weight] of from) {
      left -= weight
      if (left < 0) return value
    }
    return this.pick(from)[0]
  }

  shuffled<T>(from: readonly T[]): T[] {
    const found = [...from]
    for (let i = found.length - 1; i > 0; i--) {
      const j = this.int(i + 1)
      const a = found[i]
      const b = found[j]
      if (a === undefined || b === undefined) continue
      found[i] = b
      found[j] = a
    }
    return found
  }

  bytes(count: number): Uint8Array {
    const found = new Uint8Array(count)
    for (let i = 0; i < count; i++) found[i] = this.uint32() & 0xff
    return found
  }

  fork(): Prng {
    return new Prng(this.uint32())
  }
}
