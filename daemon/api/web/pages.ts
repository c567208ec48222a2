// The built page, as the build left it beside the program: read once, with its compressed twins, and sent with the headers that
// keep it to itself. A name is looked up among the files that were read, so no path leads anywhere else.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SkeinError } from '../../../protocol/index.ts'

export interface Pages {
  /** @throws SkeinError NOT_FOUND */
  send(name: string, request: IncomingMessage, response: ServerResponse): Promise<void>
}

interface Page {
  readonly type: string
  readonly etag: string
  /** By content coding; `identity` is the file itself. */
  readonly bodies: ReadonlyMap<string, Buffer>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}
/** In the order of their size. */
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
  ['identity', ''],
] as const
/** Their names change with their content. */
const FOREVER = 'public, max-age=31536000, immutable'

/** @param folder where the built page is; tests bring their own. */
export function createPages(folder = pagesFolder()): Pages {
  let read: Promise<ReadonlyMap<string, Page>> | null = null
  return {
    async send(name, request, response) {
      if (folder === null) throw notBuilt()
      read ??= readPages(folder)
      const page = (await read).get(name)
      if (page === undefined)
        throw new SkeinError('NOT_FOUND', 'the board has no file of this name')
      sendPage(page, name, request, response)
    },
  }
}

function sendPage(
  { type, etag, bodies }: Page,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (response.destroyed) return
  const { host, 'if-none-match': known, 'accept-encoding': accepted = '' } = request.headers
  const isSame = known === etag
  const [coding] = CODINGS.find(([each]) => bodies.has(each) && takes(accepted, each)) ?? [
    'identity' as const,
  ]
  const body = bodies.get(coding) ?? Buffer.alloc(0)
  response.writeHead(isSame ? 304 : 200, {
    ...(name === 'index.html' ? pageHeaders(host ?? '') : {}),
    'cache-control': name === 'index.html' ? 'no-cache' : FOREVER,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    vary: 'accept-encoding',
    etag,
    ...(isSame ? {} : { 'content-type': type, 'content-length': body.length }),
    ...(isSame || coding === 'identity' ? {} : { 'content-encoding': coding }),
  })
  response.end(isSame ? undefined : body)
}

function takes(accepted: string, coding: string): boolean {
  return coding === 'identity' || accepted.split(',').some((each) => each.trim() === coding)
}

/** Nothing from elsewhere, nothing inline, in nobody's frame. The host was checked to be a name of this listener. */
function pageHeaders(host: string): Readonly<Record<string, string>> {
  // Not every browser takes a WebSocket for its own origin.
  const socket = host === '' ? '' : ` ws://${host}`
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self'${socket}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  }
}

async function readPages(folder: string): Promise<ReadonlyMap<string, Page>> {
  const names = await readdir(folder)
  const pages = new Map<string, Page>()
  for (const name of names) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    const bodies = new Map<string, Buffer>()
    for (const [coding, ending] of CODINGS)
      if (names.includes(name + ending))
        bodies.set(coding, await readFile(path.join(folder, name + ending)))
    const plain = bodies.get('identity') ?? Buffer.alloc(0)
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
    pages.set(name, { type, etag, bodies })
  }
  return pages
}

/** Null: the program runs from its sources, and nobody built the page. */
function pagesFolder(): string | null {
  const here = path.dirname(fileURLToPath(import.meta.url))
  // dist or dist/chunks, and daemon/api/web in the sources.
  const places = ['web', '../web', '../../../dist/web'].map((up) => path.join(here, up))
  return places.find((place) => existsSync(path.join(place, 'index.html'))) ?? null
}

function notBuilt(): SkeinError {
  return new SkeinError('NOT_FOUND', 'the board is not built', { hint: 'npm run build' })
}
