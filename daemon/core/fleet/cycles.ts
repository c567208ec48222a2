// Tasks that wait for themselves.
import type { Candidate } from './plan-words.ts'

type Task = Pick<Candidate, 'task' | 'after'>

/** For each task on a circle of `after` the way round it, from itself to itself. */
export function cyclesIn(tasks: readonly Task[]): ReadonlyMap<string, readonly string[]> {
  const after = new Map(tasks.map((each) => [each.task, each.after]))
  const found = new Map<string, readonly string[]>()
  const done = new Set<string>()
  for (const { task } of tasks) walk(task, after, done, found)
  return found
}

/** In depth, without recursion: a chain may be as long as a plan. */
function walk(
  start: string,
  after: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  found: Map<string, readonly string[]>,
): void {
  if (done.has(start)) return
  const way: { readonly task: string; next: number }[] = [{ task: start, next: 0 }]
  const places = new Map([[start, 0]])
  for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
    const next = after.get(top.task)?.[top.next++]
    if (next === undefined) {
      done.add(top.task)
      places.delete(top.task)
      way.pop()
      continue
    }
    const place = places.get(next)
    if (place !== undefined)
      note(
        way.slice(place).map(({ task }) => task),
        found,
      )
    if (place !== undefined || done.has(next) || !after.has(next)) continue
    places.set(next, way.length)
    way.push({ task: next, next: 0 })
  }
}

function note(circle: readonly string[], found: Map<string, readonly string[]>): void {
  circle.forEach((task, at) => {
    if (!found.has(task)) found.set(task, [...circle.slice(at), ...circle.slice(0, at), task])
  })
}
