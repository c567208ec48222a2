// Times for people: relative, and absolute in the local zone. Without Intl, whose tables cost a process milliseconds.

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `19:14` today, `Sat 22 Nov 19:14` on another day. */
export function localTime(iso: string, nowMs: number): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`
  if (date.toDateString() === new Date(nowMs).toDateString()) return clock
  const day = `${DAYS[date.getDay()] ?? ''} ${String(date.getDate())} ${MONTHS[date.getMonth()] ?? ''}`
  return `${day} ${clock}`
}

/** `19:14:05.123` of a log line. */
export function clockTime(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`
}

/** `3 h 59 min`: the two largest units that say something. */
export function span(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  if (seconds === 0) return 'no time'
  if (seconds < 90) return `${String(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${String(minutes)} min`
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** `in 3 h 59 min`, `5 s ago`, `now`. */
export function relative(iso: string, nowMs: number): string {
  const ms = new Date(iso).getTime() - nowMs
  if (Number.isNaN(ms)) return iso
  if (Math.abs(ms) < 500) return 'now'
  return ms > 0 ? `in ${span(ms)}` : `${span(ms)} ago`
}

/** `19:14 (in 3 h 59 min)`, or of the past `15:35 (2 s ago)`. */
export function until(iso: string, nowMs: number): string {
  return `${localTime(iso, nowMs)} (${relative(iso, nowMs)})`
}

/** Times for machines inside a text, as people read them. */
export function humanTimes(text: string, nowMs: number): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => until(iso, nowMs))
}

function pair(major: number, unit: string, minor: number, smaller: string): string {
  return minor === 0
    ? `${String(major)} ${unit}`
    : `${String(major)} ${unit} ${String(minor)} ${smaller}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
