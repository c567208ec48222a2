// Did a run end because its launcher's account may do no more for now, and until when? Launchers say so in words of their own.

export interface UsageLimit {
  /** Milliseconds since 1970. */
  readonly untilMs: number
  readonly note: string
}

/** Where no time is told: long enough not to knock all day, short enough not to lose one. */
const UNTOLD_MS = 30 * 60_000
/** A week's limit ends within a week. */
const TOLD_MS_MAX = 8 * 86_400_000

const SIGNS: readonly RegExp[] = [
  /usage limit reached(?:\|(\d{10,13}))?/i,
  /you(?:'ve| have) (?:hit|reached) your (?:[\w-]+ ){0,3}limit/i,
  /"status":\s*"rejected"[^}]*"resetsAt":\s*(\d{10,13})/,
  /"resetsAt":\s*(\d{10,13})[^}]*"status":\s*"rejected"/,
  /\brate_limit_error\b/,
  /\binsufficient_quota\b/,
  /\b429 Too Many Requests\b/i,
]

/** What a model says or a tool answers may be about anything. */
const OF_THE_WORK = /^\{"type":"(?:user|assistant|system|text|tool|item)/
const LINES_MAX = 50

/** @param log the end of what the run said, as it stands in its log */
export function usageLimitIn(log: string, nowMs: number): UsageLimit | null {
  const lines = log.split('\n').filter((line) => !OF_THE_WORK.test(line))
  const text = lines.slice(-LINES_MAX).join('\n')
  for (const sign of SIGNS) {
    const found = [...text.matchAll(new RegExp(sign, `${sign.flags}g`))].at(-1)
    if (found === undefined) continue
    const told = momentOf(found[1])
    const isTold = told !== null && told > nowMs && told - nowMs <= TOLD_MS_MAX
    const untilMs = isTold ? told : nowMs + UNTOLD_MS
    const until = new Date(untilMs).toISOString()
    const words = isTold ? `it ends ${until}` : `tried again from ${until} on`
    return { untilMs, note: `its launcher's usage limit is reached; ${words}` }
  }
  return null
}

/** Seconds or milliseconds since 1970. */
function momentOf(digits: string | undefined): number | null {
  if (digits === undefined) return null
  return digits.length >= 13 ? Number(digits) : Number(digits) * 1000
}
