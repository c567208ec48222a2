// errors.md: the catalogue, and what exit codes mean.
import { ERROR_CATALOGUE, httpOfExit, type Exit } from '../../protocol/index.ts'
import { EXITS } from './outside.ts'
import { code, page, table } from './page.ts'
import { sourcesOf } from './sources.ts'

export function exitTable(): string {
  const rows = Object.entries(EXITS).map(([exit, meaning]) => [
    exit,
    String(httpOfExit(Number(exit) as Exit)),
    meaning,
  ])
  return table(['exit', 'HTTP', 'meaning'], rows)
}

export function errorsPage(): string {
  const raised = new Set(codesIn(sourcesOf(['daemon', 'protocol', 'mcp'])))
  const rows = Object.entries(ERROR_CATALOGUE).map(([name, row]) => {
    const http = 'http' in row ? row.http : httpOfExit(row.exit)
    const note = raised.has(name) ? '' : ' *Not raised by this version.*'
    const retry = 'retry' in row ? 'yes' : ''
    return [`\`${name}\``, String(row.exit), String(http), retry, `${row.when}${note}`, row.hint]
  })
  return page(
    '# Errors',
    'Every failure has a code that does not change, says what happened, and names the next command. On the command line it is text on stderr, with `--json` one document on stdout; over HTTP it is the body, as JSON:',
    code('json', '{"error": {"code": "…", "message": "…", "hint": "…", "exit": 64, "data": {}}}'),
    '`data` holds the facts where there are any. A refused claim is not an error: it is the result of `claim`, with exit 1 (HTTP 409).',
    '## Exit codes',
    exitTable(),
    'A `check` answers HTTP 200 whatever it says.',
    '## Codes',
    'Again: may the same call succeed later without any change by the caller? Over HTTP such an answer carries `Retry-After`.',
    table(['code', 'exit', 'HTTP', 'again', 'when', 'what to do'], rows),
  )
}

function codesIn(text: string): readonly string[] {
  return Object.keys(ERROR_CATALOGUE).filter((name) => text.includes(`'${name}'`))
}
