// A refusal or a failure of the world as an error: its code and exit are those of error-catalogue.ts.
import { ERROR_CATALOGUE } from './error-catalogue.ts'
import type { CatalogueRow, Exit } from './error-row.ts'

export type ErrorCode = keyof typeof ERROR_CATALOGUE

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text)
}

export interface SkeinErrorJson {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint: string
    readonly exit: Exit
    readonly data?: unknown
  }
}

interface Details {
  /** The next command to type; the catalogue's when left out. */
  readonly hint?: string
  readonly data?: unknown
  readonly cause?: unknown
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number
}

/** A failure of the world, with what happened, the facts, and the next command to type. */
export class SkeinError extends Error {
  override readonly name = 'SkeinError'
  readonly code: ErrorCode
  readonly hint: string
  readonly exit: Exit
  readonly http: number
  readonly retryAfter: number | undefined
  readonly data: unknown

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    const entry: CatalogueRow = ERROR_CATALOGUE[code]
    this.code = code
    this.hint = details.hint ?? entry.hint
    this.exit = entry.exit
    this.http = entry.http ?? httpOfExit(entry.exit)
    this.retryAfter = details.retryAfter ?? (entry.retry === true ? 1 : undefined)
    this.data = details.data
  }

  toJSON(): SkeinErrorJson {
    const data = this.data === undefined ? {} : { data: this.data }
    return {
      error: { code: this.code, message: this.message, hint: this.hint, exit: this.exit, ...data },
    }
  }
}

/** HTTP status of an exit code: the two say the same thing. */
export function httpOfExit(exit: Exit): number {
  return HTTP_OF_EXIT[exit]
}

const HTTP_OF_EXIT: Record<Exit, number> = {
  0: 200,
  1: 409,
  2: 503,
  3: 409,
  4: 412,
  5: 404,
  6: 404,
  7: 403,
  8: 202,
  9: 429,
  64: 400,
  70: 500,
  130: 499,
}
