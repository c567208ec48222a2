// Times as boards show them: short, in columns, told anew each second.

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `12s`, `4m`, `3h59m`, `2d3h`: six characters or fewer below a hundred days. Cut, not rounded: what says 1m has a minute. */
export function brief(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / SECOND) * SECOND)
  if (whole < MINUTE) return `${String(whole / SECOND)}s`
  if (whole < HOUR) return `${String(Math.floor(whole / MINUTE))}m`
  if (whole < DAY) return joined(whole, HOUR, 'h', MINUTE, 'm')
  return joined(whole, DAY, 'd', HOUR, 'h')
}

/** How long ago; `-` for what is no time. */
export function ageOf(iso: string, nowMs: number): string {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? '-' : brief(nowMs - at)
}

/** Of a whole day (UTC): `today`, `3d`. */
export function daysOf(day: string, nowMs: number): string {
  const at = Date.parse(day)
  if (Number.isNaN(at)) return '-'
  const days = Math.floor(nowMs / DAY) - Math.floor(at / DAY)
  return days <= 0 ? 'today' : `${String(days)}d`
}

/** How long until then; `over` when it has passed. */
export function leftUntil(iso: string, nowMs: number): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return '-'
  return at <= nowMs ? 'over' : brief(at - nowMs)
}

/** `19:14:05` of the reader's day, `11-22 19:14` of another one. */
export function clockOf(iso: string, nowMs: number): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`
  if (date.toDateString() === new Date(nowMs).toDateString())
    return `${clock}:${two(date.getSeconds())}`
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`
}

function joined(ms: number, large: number, unit: string, small: number, lesser: string): string {
  const rest = Math.floor((ms % large) / small)
  const major = `${String(Math.floor(ms / large))}${unit}`
  return rest === 0 ? major : `${major}${String(rest)}${lesser}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
