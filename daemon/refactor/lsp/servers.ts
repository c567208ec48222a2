// Where a symbol is used, by the language server of its language. It runs for one question, in the caller's checkout, and
// is killed after it. A server may run code that the repository's own settings name, so only the person of this machine
// lets it (config.yml: language_servers); whatever goes wrong with it, names are looked for instead.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { relativeInside } from '../../folders.ts'
import type { Place } from '../../ports-symbols.ts'
import type { Definition, UsedPlaces } from '../found.ts'
import { Connection, fieldsOf } from './connection.ts'
import { serverFor, type InstalledServer } from './programs.ts'

export interface LanguageServers {
  /** @throws the signal's reason */
  references(root: string, of: Definition, signal: AbortSignal): Promise<ServerAnswer>
}

export type ServerAnswer =
  | { readonly kind: 'off' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'found'; readonly server: string; readonly places: UsedPlaces }

export interface ServersOptions {
  /** Languages that this machine allows. */
  readonly allowed: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly millisecondsMax?: number
}

/** From its start to its answer. */
const ANSWER_MS_MAX = 10_000
/** How long an eager one may take to say that it has begun to read. */
const BEGIN_MS_MAX = 2_000
const ROUNDS_MAX = 20

export function createLanguageServers(options: ServersOptions): LanguageServers {
  const { allowed, env, millisecondsMax = ANSWER_MS_MAX } = options
  return {
    async references(root, of, signal) {
      const found = await serverFor(of.file, allowed, env['PATH'] ?? '')
      if (found.kind === 'off' || of.place === null) return { kind: 'off' }
      if (found.kind === 'missing') {
        const names = found.programs.join(' or ')
        return { kind: 'failed', why: `no language server is installed (${names})` }
      }
      const { server } = found
      const over = AbortSignal.timeout(millisecondsMax)
      try {
        const places = await ask(server, root, of, of.place, cleaned(env), [signal, over])
        if (places.size > 0) return { kind: 'found', server: server.program, places }
        return { kind: 'failed', why: `${server.program} knows no use of it` }
      } catch (error) {
        if (signal.aborted) throw signal.reason
        const limit = `no answer within ${String(millisecondsMax / 1000)} s`
        const why = over.aborted ? limit : error instanceof Error ? error.message : String(error)
        return { kind: 'failed', why: `${server.program}: ${why}` }
      }
    },
  }
}

/** A server has no business with who we are. */
function cleaned(env: ServersOptions['env']): ServersOptions['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SKEIN_')))
}

async function ask(
  server: InstalledServer,
  root: string,
  of: Definition,
  place: Place,
  env: ServersOptions['env'],
  ends: readonly AbortSignal[],
): Promise<UsedPlaces> {
  const over = AbortSignal.any([...ends])
  over.throwIfAborted()
  const connection = new Connection({ program: server.file, args: server.args, cwd: root, env })
  const end = (): void => {
    connection.end()
  }
  over.addEventListener('abort', end, { once: true })
  try {
    const uri = await open(connection, server, root, of)
    if (server.isEager === true) await untilItReads(connection)
    const position = { line: place.line - 1, character: place.column }
    const params = { textDocument: { uri }, position, context: { includeDeclaration: true } }
    // What it answered while it was still reading may be less than there is.
    for (let round = 0; ; round++) {
      const { finished } = connection
      const answer = await connection.request('textDocument/references', params)
      const hasRead = !connection.isWorking() && connection.finished === finished
      if (hasRead || round === ROUNDS_MAX) return placesIn(root, answer)
      await connection.untilIdle()
    }
  } finally {
    over.removeEventListener('abort', end)
    connection.end()
  }
}

/** Greets it, and shows it the file. */
async function open(
  connection: Connection,
  server: InstalledServer,
  root: string,
  { file }: Definition,
): Promise<string> {
  const rootUri = pathToFileURL(root).href
  await connection.request('initialize', {
    processId: process.pid,
    rootUri,
    workspaceFolders: [{ uri: rootUri, name: path.basename(root) }],
    capabilities: {
      window: { workDoneProgress: true },
      workspace: { configuration: true, workspaceFolders: true },
      textDocument: { references: {} },
    },
  })
  connection.notify('initialized', {})
  const place = path.join(root, file)
  const uri = pathToFileURL(place).href
  const text = await readFile(place, 'utf8')
  connection.notify('textDocument/didOpen', {
    textDocument: { uri, languageId: server.languageId, version: 1, text },
  })
  return uri
}

async function untilItReads(connection: Connection): Promise<void> {
  const until = performance.now() + BEGIN_MS_MAX
  while (!connection.isWorking() && performance.now() < until) await shortly()
  await connection.untilIdle()
}

function shortly(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

const LOOK_MS = 50
/** A name that is used everywhere: more cannot be claimed anyway. */
const PLACES_MAX = 50_000

/** By file from the root; what lies outside is a library's. */
function placesIn(root: string, answer: unknown): UsedPlaces {
  const places = new Map<string, Place[]>()
  for (const location of Array.isArray(answer) ? answer.slice(0, PLACES_MAX) : []) {
    const { uri, range } = fieldsOf(location)
    const { line, character } = fieldsOf(fieldsOf(range)['start'])
    const file = fileOf(root, uri)
    if (file === null || typeof line !== 'number' || typeof character !== 'number') continue
    const known = places.get(file) ?? []
    places.set(file, known)
    known.push({ line: line + 1, column: character })
  }
  return places
}

function fileOf(root: string, uri: unknown): string | null {
  if (typeof uri !== 'string' || !uri.startsWith('file://')) return null
  try {
    return relativeInside(root, fileURLToPath(uri)) || null
  } catch {
    // No path of this machine.
    return null
  }
}
