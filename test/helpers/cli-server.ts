// The daemon's twin: answers operations on a unix socket of a temporary home as a test says.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

export interface Call {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface Twin {
  readonly home: string
  readonly socket: string
  /** In the order in which they came. */
  readonly calls: readonly Call[]
}

type Answer = (call: Call, response: http.ServerResponse, request: http.IncomingMessage) => unknown

/** @param answer returns the body of a 200, or undefined when it answers by itself. */
export async function startTwin(t: TestContext, answer: Answer): Promise<Twin> {
  const home = makeFolder(t)
  const socket = path.join(home, 'api.sock')
  const calls: Call[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const call: Call = {
        operation: (request.url ?? '').replace('/v1/', ''),
        input: JSON.parse(text === '' ? '{}' : text) as Call['input'],
      }
      calls.push(call)
      const body = answer(call, response, request)
      if (body !== undefined) response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { home, socket, calls }
}

/** A temporary folder, without links in its path. */
export function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-cli-')))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
