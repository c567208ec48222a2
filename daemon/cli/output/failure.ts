// A failure in three parts: what happened, the facts, and what to type next. The one place where errors become text.
import { SkeinError } from '../../../protocol/index.ts'
import { pairs, type Page } from './page.ts'
import { clean } from './text.ts'

const FACTS_MAX = 8
const FACT_CHARACTERS_MAX = 300

export function renderFailure(error: SkeinError, page: Page): string {
  const head = `${page.paint('bad', 'skein:')} ${clean(error.message)} ${page.paint('quiet', `(${error.code})`)}`
  const next = `${page.paint('strong', 'ACTION REQUIRED:')} ${clean(error.hint)}`
  return [head, ...pairs(factsOf(error), page), next].map((line) => `${line}\n`).join('')
}

/** What is no failure of the world: the reader is asked to report it. */
export function renderBug(error: unknown, log: string, page: Page): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const trace = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 9) : []
  return [
    `${page.paint('bad', 'skein:')} this is a bug in skein: ${clean(what)}`,
    ...trace.map((line) => page.paint('quiet', `  ${clean(line).trim()}`)),
    ...pairs([['log', log]], page),
    `${page.paint('strong', 'ACTION REQUIRED:')} report it with the lines above and the end of the log.`,
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/** An unknown failure as the error that scripts are shown. */
export function asBug(error: unknown, log: string): SkeinError {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new SkeinError('INTERNAL', `This is a bug in skein: ${what}`, {
    cause: error,
    data: { log, stack: error instanceof Error ? error.stack : undefined },
  })
}

/** Between the parts of one fact. */
const SEPARATOR = ' · '

type Fact = readonly [string, string]

function factsOf(error: SkeinError): readonly Fact[] {
  const { data, retryAfter, code } = error
  const facts = typeof data === 'object' && data !== null ? Object.entries(data) : []
  const told = facts.flatMap(([key, value]) => factLines(clean(key), value))
  const retry: readonly Fact[] =
    code === 'BUSY' && retryAfter !== undefined ? [['retry in', `${String(retryAfter)} s`]] : []
  // The message has most of them already.
  const isTold = (text: string): boolean =>
    text.split(SEPARATOR).every((part) => error.message.includes(part))
  const news = told.filter(([, text]) => !isTold(text))
  return [...news.slice(0, FACTS_MAX), ...retry]
}

/** A list of things is a line for each, with the key at the first. */
function factLines(key: string, value: unknown): readonly Fact[] {
  if (!Array.isArray(value) || value.every((each) => typeof each !== 'object')) {
    return [[key, factText(value)]]
  }
  return value.map((each: unknown, i): Fact => [i === 0 ? key : ' ', factText(each)])
}

function factText(value: unknown): string {
  // What is not so is no fact to a person.
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return shorten(value)
  if (Array.isArray(value)) return shorten(value.map(factText).join(', '))
  if (typeof value !== 'object') return shorten(JSON.stringify(value))
  const fields = Object.values(value).map(factText)
  return shorten(fields.filter((field) => field !== '').join(SEPARATOR))
}

function shorten(text: string): string {
  const cleaned = clean(text)
  return cleaned.length <= FACT_CHARACTERS_MAX
    ? cleaned
    : `${cleaned.slice(0, FACT_CHARACTERS_MAX)}…`
}
