// A broken promise of the core, found from outside.

export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`)
    this.name = 'Violation'
    this.invariant = invariant
  }
}

export function check(condition: boolean, invariant: string, what: string): asserts condition {
  if (!condition) throw new Violation(invariant, what)
}
