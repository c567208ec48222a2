// The plan of the run: tasks of which some wait for others, some change the same files, and some go wrong the first time.

export interface Task {
  readonly id: string
  readonly name: string
  readonly files: readonly string[]
  readonly blocked_by: readonly string[]
  readonly description: string
}

/** What goes wrong, the first time, with every so manieth task. */
const FAULTS: Readonly<Record<number, string>> = {
  4: 'once fail',
  8: 'once hang',
  12: 'ask which of both',
  16: 'once red',
  20: 'once empty',
  24: 'noise',
}
/** So many tasks write the same file. */
const TOGETHER = 3

export function makePlan(count: number): readonly Task[] {
  return Array.from({ length: count }, (_, at): Task => {
    const id = `t${String(at + 1).padStart(2, '0')}`
    const file = `src/part-${String(Math.floor(at / TOGETHER))}.txt`
    const fault = FAULTS[at + 1]
    // Every fifth one builds on the one three before it.
    const before = at >= 3 && at % 5 === 0 ? [`t${String(at - 2).padStart(2, '0')}`] : []
    const steps = ['status begun', ...(fault === undefined ? [] : [fault]), `write ${file} ${id}`]
    const isRed = fault === 'once red'
    return {
      ...{ id, name: `Write ${id}`, blocked_by: before, description: steps.join('\n') },
      files: isRed ? [file, 'red.txt'] : [file],
    }
  })
}

/** Fails as long as somebody's mistake stands in the tree. */
export const CHECK = `if [ -s red.txt ]; then echo "red.txt:"; cat red.txt; exit 3; fi\n`
