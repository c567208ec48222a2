// The parser thread: one file at a time, bytes in, symbols out. It keeps no time itself; the daemon ends it when a file
// takes too long. What it throws ends it too: after a trap the parser's memory cannot be trusted.
import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import type { Language as Grammar, Parser } from 'web-tree-sitter'
import { languageById } from '../languages.ts'
import { outline } from '../outline.ts'
import { decode } from './decode.ts'
import { extract } from './extract.ts'
import { createParser, loadGrammar, loadShell, type LoadedGrammar } from './grammars.ts'
import { findUses } from './identifiers.ts'
import { SHELL, toColumns, type ParseReply, type ParseRequest } from './messages.ts'
import { shellScript } from './shell.ts'

/** More declarations than any file that people work on. */
const SYMBOLS_MAX = 10_000

const loaded = new Map<string, LoadedGrammar>()
let shell: Grammar | null = null
let parser: Parser | null = null
let last = Promise.resolve()

parentPort?.on('message', (request: ParseRequest) => {
  // A rejection of this chain is uncaught on purpose: it ends the thread.
  last = last.then(() => answer(request))
})

async function answer(request: ParseRequest): Promise<void> {
  const { id } = request
  parser ??= await createParser()
  if (request.language === SHELL) {
    await answerShell(parser, request)
    return
  }
  const language = languageById(request.language)
  assert(language !== null, 'the daemon sends languages of the table')
  const known = loaded.get(language.id) ?? (await loadGrammar(language))
  loaded.set(language.id, known)
  send({ kind: 'step', id })
  const source = decode(request.bytes)
  if (source === null) {
    send({ kind: 'unsupported', id, why: 'binary', reason: 'a binary file' })
    return
  }
  parser.setLanguage(known.grammar)
  const tree = parser.parse(source)
  assert(tree !== null, 'a parse without a progress callback is never cut short')
  send({ kind: 'step', id })
  try {
    const symbols = outline(extract(tree, known.query, language, source))
    if (symbols.length > SYMBOLS_MAX) {
      const reason = `more than ${String(SYMBOLS_MAX)} declarations`
      send({ kind: 'unsupported', id, why: 'size', reason })
      return
    }
    const hasErrors = tree.rootNode.hasError
    const uses =
      request.name === undefined ? new Uint32Array() : findUses(tree, source, request.name)
    send({ kind: 'parsed', id, columns: toColumns(symbols), hasErrors, uses })
  } finally {
    tree.delete()
  }
}

async function answerShell(using: Parser, { id, bytes }: ParseRequest): Promise<void> {
  shell ??= await loadShell()
  send({ kind: 'step', id })
  const source = decode(bytes)
  if (source === null) {
    send({ kind: 'unsupported', id, why: 'binary', reason: 'no text' })
    return
  }
  using.setLanguage(shell)
  const tree = using.parse(source)
  assert(tree !== null, 'a parse without a progress callback is never cut short')
  send({ kind: 'step', id })
  try {
    send({ kind: 'script', id, script: shellScript(tree) })
  } finally {
    tree.delete()
  }
}

function send(reply: ParseReply): void {
  parentPort?.postMessage(reply)
}
