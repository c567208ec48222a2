// A row of the catalogue of errors.

export type Exit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 64 | 70 | 130

export interface CatalogueRow {
  readonly exit: Exit
  readonly http?: number
  /** May the same call succeed later without any change by the caller? */
  readonly retry?: true
  /** One sentence for the reference page: when this happens. */
  readonly when: string
  /** The next command to type, unless the place of failure knows a better one. */
  readonly hint: string
}

export function row(
  exit: Exit,
  when: string,
  hint: string,
): { exit: Exit; when: string; hint: string } {
  return { exit, when, hint }
}

/** A row of what may go well later, without any change by the caller. */
export function retryable(
  exit: Exit,
  when: string,
  hint: string,
): { exit: Exit; when: string; hint: string; retry: true } {
  return { ...row(exit, when, hint), retry: true }
}
