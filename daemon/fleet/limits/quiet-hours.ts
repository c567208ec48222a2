// Hours in which a machine starts no worker, by the clock on the wall where it stands, or of another place.

export interface QuietHours {
  /** `HH:MM`; the first minute of them. */
  readonly from: string
  /** `HH:MM`; the first minute after them. The same as `from`: all day. */
  readonly to: string
  /** An IANA time zone; missing: the machine's own. */
  readonly tz?: string | undefined
}

/** Is it within them? They may reach over midnight. */
export function isQuiet({ from, to, tz }: QuietHours, nowMs: number): boolean {
  const now = minuteOfDay(nowMs, tz)
  const [begin, end] = [minuteIn(from), minuteIn(to)]
  return begin < end ? now >= begin && now < end : now >= begin || now < end
}

function minuteIn(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

function minuteOfDay(nowMs: number, tz: string | undefined): number {
  const zone = tz === undefined ? {} : { timeZone: tz }
  const format = { ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return minuteIn(new Intl.DateTimeFormat('en-GB', format).format(nowMs))
}
