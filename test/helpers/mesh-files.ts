// What a machine's audit logs say, read from its home: of ledgers too that are kept aside, or whose daemon is dead.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface FiledEvent {
  readonly kind: string
  readonly term: number
  readonly index: number
  readonly data: Readonly<Record<string, unknown>>
}

export function parseEvents(home: string): FiledEvent[] {
  const root = path.join(home, 'audit')
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ndjson'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FiledEvent)
}
