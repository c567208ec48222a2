// One line of the table, and the word that says whether it is good enough.

export interface Row {
  readonly what: string
  readonly skein: string
  readonly etcd: string
  readonly redis: string
  readonly ratio: string
  readonly atLeast: string
  readonly aim: string
  readonly verdict: Verdict
  /** The bare numbers, by name. */
  readonly figures: Readonly<Record<string, number>>
}

export type Verdict = 'meets aim' | 'meets' | 'misses' | 'not measured' | ''

export interface Goal {
  readonly value: number
  readonly atLeast: number
  readonly aim: number
  readonly better: 'less' | 'more'
}

const NOTHING = '–'

export function makeRow(
  what: string,
  skein: string,
  more: Partial<Omit<Row, 'what' | 'skein'>>,
): Row {
  const empty = { etcd: NOTHING, redis: NOTHING, ratio: NOTHING, atLeast: NOTHING, aim: NOTHING }
  return { what, skein, ...empty, verdict: '', figures: {}, ...more }
}

/** The worst of the goals decides; no figure is no verdict. */
export function judge(goals: readonly Goal[]): Verdict {
  if (goals.length === 0 || goals.some(({ value }) => !Number.isFinite(value)))
    return 'not measured'
  if (goals.every((goal) => isReached(goal, goal.aim))) return 'meets aim'
  return goals.every((goal) => isReached(goal, goal.atLeast)) ? 'meets' : 'misses'
}

function isReached({ value, better }: Goal, wanted: number): boolean {
  return better === 'less' ? value <= wanted : value >= wanted
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(value < 0.1 ? 3 : 2) : value.toFixed(0)
}

export function pair(first: number, second: number): string {
  return `${milliseconds(first)} / ${milliseconds(second)} ms`
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en-US')}/s`
}

export function times(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(2)}x` : NOTHING
}
