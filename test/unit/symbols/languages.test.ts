import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { LANGUAGES, languageOf } from '../../../daemon/symbols/languages.ts'
import type { FileSymbol } from '../../../daemon/symbols/outline.ts'
import { FIXTURES, makeFiles, makeSymbols } from './files.ts'

const SOURCES = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.slice(0, -'.txt'.length))

describe('the symbols of a language', () => {
  it('has a fixture for every one', () => {
    const shown = new Set(SOURCES.map((name) => languageOf(name)?.id))
    assert.deepEqual(
      LANGUAGES.map(({ id }) => id).filter((id) => !shown.has(id)),
      [],
    )
  })

  it('finds every declaration of a real source, nested, merged, with its lines', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    for (const name of SOURCES) {
      const answer = await symbols.symbolsOf(files.copy(name))
      assert.equal(answer.kind, 'outline', name)
      assert.equal(answer.hasErrors, false, name)
      const expected = readFileSync(path.join(FIXTURES, `${name}.outline`), 'utf8')
      assert.equal(answer.symbols.map(toLine).join(''), expected, name)
    }
    assert.equal(symbols.stats().threadStarts, 1)
  })

  it('goes by extension or whole name, without regard to case', () => {
    const found = ['a.TS', 'b.d.mts', 'x/Gemfile', 'c.h', 'd.kts', 'e.pyi'].map(
      (name) => languageOf(name)?.id,
    )
    assert.deepEqual(found, ['typescript', 'typescript', 'ruby', 'cpp', 'kotlin', 'python'])
    assert.equal(languageOf('notes.md'), null)
    assert.equal(languageOf('Makefile'), null)
  })
})

/** `path kind first-last …`, a space in a path shown as a dot. */
function toLine({ path: symbol, kind, startLine, endLine, also = [] }: FileSymbol): string {
  const spans = [{ startLine, endLine }, ...also].map(
    (span) => `${String(span.startLine)}-${String(span.endLine)}`,
  )
  return [symbol.replaceAll(' ', '·'), kind, ...spans].join(' ') + '\n'
}
