// `fleet.quiet_hours` of config.yml: `22:00-07:00`, and behind it, where it is not the machine's own, a time zone.
import { z } from 'zod'

const FORM =
  /^((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])(?: ([A-Za-z0-9_+/-]{1,64}))?$/
const EXPECTED = 'expected times of day, as in 22:00-07:00 or 22:00-07:00 Europe/Berlin'

/** Read as its parts; `tz` is missing for the machine's own zone. */
export const quietHours = z
  .string()
  .regex(FORM, EXPECTED)
  .transform((text) => {
    const [, from = '', to = '', tz] = FORM.exec(text) ?? []
    return { from, to, ...(tz === undefined ? {} : { tz }) }
  })
  .refine(({ tz }) => tz === undefined || isTimeZone(tz), 'knows no such time zone')

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
