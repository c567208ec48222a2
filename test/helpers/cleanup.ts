// Undoing what a test set up, last first: node:test runs `after` hooks in the order of their registration, which would
// remove a home below a daemon that still writes to it.

/** A test context, a suite's own list, or a script. */
export interface Cleaner {
  after(undo: () => void | Promise<void>): void
}

type Undo = () => void | Promise<void>

const stacks = new WeakMap<Cleaner, Undo[]>()

export function onCleanup(cleaner: Cleaner, undo: Undo): void {
  const known = stacks.get(cleaner)
  if (known !== undefined) {
    known.push(undo)
    return
  }
  const stack = [undo]
  stacks.set(cleaner, stack)
  cleaner.after(() => unwind(stack))
}

/** For what outlives one test: a suite's daemon, a script's. */
export function createCleaner(): Cleaner & { run(): Promise<void> } {
  const steps: Undo[] = []
  return {
    after(undo) {
      steps.push(undo)
    },
    run: () => unwind(steps),
  }
}

async function unwind(stack: Undo[]): Promise<void> {
  for (let undo = stack.pop(); undo !== undefined; undo = stack.pop()) await undo()
}
