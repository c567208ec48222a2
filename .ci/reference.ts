// `npm run reference`: writes docs/reference/ from what the program itself is made of: the operation table and its schemas,
// the HTTP routes, the error catalogue, the configuration schemas, the kinds of events. A test compares the pages with what
// this makes now.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { configurationPage } from './reference/configuration.ts'
import { errorsPage } from './reference/errors.ts'
import { eventsPage } from './reference/events.ts'
import { httpPage } from './reference/http.ts'
import { operationsPage } from './reference/operations.ts'
import { ROOT } from './reference/sources.ts'

/** The pages by their path from the root. */
export function makeReference(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/operations.md', operationsPage()],
    ['docs/reference/http.md', httpPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/events.md', eventsPage()],
  ])
}

function writeReference(): void {
  for (const [file, text] of makeReference()) {
    const place = path.join(ROOT, file)
    mkdirSync(path.dirname(place), { recursive: true })
    writeFileSync(place, text)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeReference()
