// The texts that skein writes into checkouts, from templates/. In a bundle that folder lies beside the program.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** @param file from templates/, with slashes. @param values for each `__name__` in it. */
export function template(file: string, values: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(path.join(templatesFolder(), file), 'utf8')
  return text.replace(/__(\w+?)__/g, (whole, name: string) => values[name] ?? whole)
}

let folder: string | null = null

function templatesFolder(): string {
  if (folder !== null) return folder
  const here = path.dirname(fileURLToPath(import.meta.url))
  // dist/chunks or dist, and daemon/wiring in the sources.
  const places = ['..', '.', '../..'].map((up) => path.join(here, up, 'templates'))
  folder = places.find((place) => existsSync(path.join(place, 'agents-block.md'))) ?? ''
  if (folder === '') throw new Error(`the templates are in none of ${places.join(', ')}`)
  return folder
}
