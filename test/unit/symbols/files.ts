// Files of a test's own, away from the checkout.
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { Symbols } from '../../../daemon/symbols/api.ts'
import { createSymbols, type SymbolsOptions } from '../../../daemon/symbols/symbols.ts'

export const FIXTURES = path.join(import.meta.dirname, '../../fixtures/symbols')

export interface Files {
  readonly root: string
  write(name: string, content: string | Uint8Array): string
  copy(fixture: string): string
}

export function makeFiles(t: TestContext): Files {
  const root = mkdtempSync(path.join(os.tmpdir(), 'skein-symbols-'))
  t.after(() => {
    rmSync(root, { recursive: true, force: true })
  })
  return {
    root,
    write(name, content) {
      const file = path.join(root, name)
      writeFileSync(file, content)
      return file
    },
    copy(fixture) {
      const file = path.join(root, fixture)
      copyFileSync(path.join(FIXTURES, `${fixture}.txt`), file)
      return file
    },
  }
}

export function makeSymbols(t: TestContext, options: SymbolsOptions = {}): Symbols {
  const symbols = createSymbols(options)
  t.after(() => symbols.stop())
  return symbols
}

/** Paths of what a file declares; fails the test for what cannot be parsed. */
export async function pathsOf(symbols: Symbols, file: string): Promise<readonly string[]> {
  const answer = await symbols.symbolsOf(file)
  if (answer.kind === 'unsupported') throw new Error(`${file}: ${answer.unsupported}`)
  return answer.symbols.map((symbol) => symbol.path)
}

/** Sets the modification back, as if the file had been written long ago. */
export function age(file: string): void {
  utimesSync(file, 1_700_000_000, 1_700_000_000)
}
