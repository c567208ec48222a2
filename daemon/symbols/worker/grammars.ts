// Where the wasm files are, and how they are compiled.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Language as Grammar, Parser, Query } from 'web-tree-sitter'
import { PARSER_WASM, SHELL_WASM } from '../grammar-files.ts'
import type { Language } from '../languages/language.ts'
import { BROKEN_QUERY } from './extract.ts'

export interface LoadedGrammar {
  readonly grammar: Grammar
  readonly query: Query
}

export async function createParser(): Promise<Parser> {
  compileInThisThread()
  await Parser.init({ wasmBinary: await readFile(locate(PARSER_WASM)) })
  return new Parser()
}

export async function loadGrammar(language: Language): Promise<LoadedGrammar> {
  const bytes = await readFile(locate(language.grammar))
  const grammar = await withTiering(language, () => Grammar.load(bytes))
  return { grammar, query: new Query(grammar, language.query + BROKEN_QUERY) }
}

export async function loadShell(): Promise<Grammar> {
  return Grammar.load(await readFile(locate(SHELL_WASM)))
}

/** Bundled, the files lie beside this one under their base names; in a checkout they are in node_modules. */
function locate(file: string): string {
  const here = path.dirname(fileURLToPath(import.meta.url))
  for (const up of ['', '..']) {
    const bundled = path.join(here, up, 'grammars', path.basename(file))
    if (existsSync(bundled)) return bundled
  }
  return createRequire(import.meta.url).resolve(file)
}

/**
 * WebAssembly.instantiate compiles on V8's background threads and waits behind whatever they optimise: measured on two
 * cores, Scala's grammar took 23 s to load after Swift's, and 30 ms like this. This thread has nothing else to do.
 */
function compileInThisThread(): void {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm }
  const instantiate = (bytes: Uint8Array, imports: unknown) => {
    const module = new wasm.Module(bytes)
    return Promise.resolve({ module, instance: new wasm.Instance(module, imports) })
  }
  Object.defineProperty(wasm, 'instantiate', { value: instantiate })
}

/** The library for ES2023 without the DOM does not declare it. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: unknown) => object
}

/** V8's own budget, as of Node 20: executed bytes of a function before it is optimised. */
const TIERING_BUDGET = 1_800_000

/** The flag is read when a module is compiled, so it holds for this one only and not for the daemon's other modules. */
async function withTiering<T>(language: Language, load: () => Promise<T>): Promise<T> {
  if (language.isSlowToOptimise !== true) return load()
  setFlagsFromString(`--wasm-tiering-budget=${String(TIERING_BUDGET * 1_000)}`)
  try {
    return await load()
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${String(TIERING_BUDGET)}`)
  }
}
