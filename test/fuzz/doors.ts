// The doors as a fuzzer uses them: one input in, what came of it out. A door decides what is a fault.
import { spawn } from 'node:child_process'
import net from 'node:net'
import path from 'node:path'
import { createClient } from '../helpers/api.ts'
import { PROGRAM, type Daemon } from '../helpers/daemon.ts'
import type { Prng } from '../sim/prng.ts'
import {
  COMMAND_LINES,
  GREETING,
  httpInputs,
  mcpInputs,
  TOOL_ARGUMENTS,
  type HttpInput,
} from './inputs.ts'
import { mutateBytes, mutateValue } from './mutate.ts'

/** What an input came to; a fault is never the caller's. */
export interface Outcome {
  readonly told: string
  readonly fault: string | null
}

export interface Door {
  next(prng: Prng): Promise<Outcome>
  close(): void
}

export interface Place {
  readonly daemon: Daemon
  readonly cwd: string
  readonly repo: string
}

export type DoorName = 'http' | 'mcp' | 'greeting' | 'mcp-http' | 'cli'

export const DOORS: Readonly<Record<DoorName, (place: Place) => Promise<Door>>> = {
  http: ({ daemon, repo }) => httpDoor(daemon, httpInputs(repo)),
  'mcp-http': async ({ daemon }) => {
    const session = await openSession(daemon)
    const messages = mcpInputs(await toolsOf(daemon))
    return httpDoor(
      daemon,
      messages.map((body) => ({
        method: 'POST',
        path: '/mcp',
        body,
        headers: mcpHeaders(body, session),
      })),
    )
  },
  mcp: async ({ daemon }) => lineDoor(daemon, mcpInputs(await toolsOf(daemon)), null),
  greeting: async ({ daemon }) => lineDoor(daemon, mcpInputs(await toolsOf(daemon)), GREETING),
  cli: (place) => Promise.resolve(commandDoor(place)),
}

/** Longer than any answer takes that ends. */
const STREAM_MS = 3_000

/** On the port, with the token; headers are fuzzed too. */
async function httpDoor(daemon: Daemon, inputs: readonly HttpInput[]): Promise<Door> {
  const { port, token } = await daemon.tcp()
  const client = createClient({ port, token }, { connections: 8 })
  return {
    async next(prng) {
      const { method, path: target, body: said, headers = {} } = prng.pick(inputs)
      const body = withOwnId(said)
      const text =
        body === null ? '' : JSON.stringify(prng.chance(0.8) ? mutateValue(prng, body) : body)
      const bytes = prng.chance(0.3) ? mutateBytes(prng, text) : Buffer.from(text)
      const where = prng.chance(0.3)
        ? printable(mutateBytes(prng, target).toString('latin1'))
        : target
      const accept = prng.pick(['application/json, text/event-stream', '*/*', 'text/html'])
      const request = {
        method: prng.chance(0.05) ? prng.pick(['PUT', 'PATCH', 'OPTIONS', 'HEAD']) : method,
        path: where.startsWith('/') ? where : `/${where}`,
        totalMs: STREAM_MS,
        body: method === 'GET' ? undefined : bytes,
        headers: {
          accept,
          'content-type': 'application/json',
          ...(prng.chance(0.9) ? headers : {}),
          ...headersOf(prng),
        },
      }
      try {
        const { status, body: answer } = await client.request(withoutAbsent(request))
        // 503 would say that nothing can be granted: it can. -32603 is JSON-RPC's word for a bug.
        const isFault = status >= 500 || answer.includes('"code":-32603')
        return {
          told: String(status),
          fault: isFault
            ? `${String(status)} ${answer.slice(0, 300)} for ${JSON.stringify({ ...request, body: String(request.body) })}`
            : null,
        }
      } catch (error) {
        // A request that no client library sends, or whose answer no parser reads; or a stream, which has no end.
        const why = error instanceof Error ? error.message : String(error)
        return {
          told: why.includes('does not end') ? 'stream' : 'cut',
          fault: why.includes('no answer') ? `${why} ${JSON.stringify(request)}` : null,
        }
      }
    },
    close() {
      client.close()
    },
  }
}

let ids = 0

/** Two calls under one id are a client's fault that leaves one of them without an end. */
function withOwnId(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('id' in body)) return body
  ids += 1
  return { ...body, id: ids }
}

/** What a client of the message's era sends with it. */
function mcpHeaders(message: unknown, session: string): Readonly<Record<string, string>> {
  const { method, params } = message as { method: string; params?: Record<string, unknown> }
  if (params?.['_meta'] === undefined) return { 'mcp-session-id': session }
  const name = params['name']
  return {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  }
}

/** Of the 2025 era. */
async function openSession(daemon: Daemon): Promise<string> {
  const client = createClient(await daemon.tcp())
  const { headers } = await client.request({
    method: 'POST',
    path: '/mcp',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: INITIALIZE,
  })
  client.close()
  return String(headers['mcp-session-id'])
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"f","version":"1"}}}'

function headersOf(prng: Prng): Record<string, string> {
  const names = [
    'skein-session',
    'skein-repo',
    'skein-agent',
    'last-event-id',
    'mcp-session-id',
    'mcp-method',
    'mcp-protocol-version',
    'x-request-id',
  ]
  if (prng.chance(0.6)) return {}
  return { [prng.pick(names)]: printable(String(mutateValue(prng, '2026-07-28'))).slice(0, 4_000) }
}

function printable(text: string): string {
  return text.replaceAll(
    /[^\x21-\x7e]/g,
    (letter) => `%${(letter.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`,
  )
}

function withoutAbsent<T extends { body?: Buffer | undefined }>({
  body,
  ...rest
}: T): Omit<T, 'body'> & { body?: Buffer } {
  return body === undefined ? rest : { ...rest, body }
}

async function toolsOf(daemon: Daemon): Promise<readonly { name: string; args: unknown }[]> {
  const answer = await talk(
    daemon,
    [
      INITIALIZE,
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","id":2,"method":"tools/list"}',
    ],
    2_000,
    '"id":2',
  )
  const line = answer.split('\n').find((each) => each.includes('"id":2'))
  const { result } = JSON.parse(line ?? '{}') as { result: { tools: { name: string }[] } }
  return result.tools.map(({ name }) => ({
    name,
    args: TOOL_ARGUMENTS[name] ?? { repo: 'test/fuzz' },
  }))
}

/** Lines to the MCP socket, some of them broken; what comes back until the other side ends or falls silent. */
function talk(
  daemon: Daemon,
  lines: readonly (string | Buffer)[],
  quietMs: number,
  until = '\0',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path.join(daemon.home, 'mcp.sock'))
    let text = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    let timer = setTimeout(done, quietMs)
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      clearTimeout(timer)
      if (text.includes(until)) done()
      else timer = setTimeout(done, quietMs)
    })
    socket.once('error', reject)
    socket.once('close', done)
    socket.once('connect', () => {
      for (const line of lines) {
        socket.write(line)
        socket.write('\n')
      }
    })
  })
}

function lineDoor(daemon: Daemon, messages: readonly unknown[], greeting: unknown): Promise<Door> {
  return Promise.resolve({
    async next(prng: Prng) {
      const first = greeting === null ? [] : [broken(prng, greeting)]
      const rest = Array.from({ length: 1 + prng.int(6) }, () => broken(prng, prng.pick(messages)))
      // A ping at the end, so that there is an answer to wait for wherever the connection stands.
      const lines = [...first, ...rest, '{"jsonrpc":"2.0","id":"last","method":"ping"}']
      try {
        const answer = await talk(daemon, lines, 150, '"last"')
        const isBug = /-32603|"INTERNAL"/.test(answer)
        const fault = isBug
          ? `${answer.slice(0, 400)} for ${lines.map(String).join(' | ').slice(0, 2_000)}`
          : null
        return { told: answer === '' ? 'silent' : 'answered', fault }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
        return { told: code, fault: code === 'ECONNREFUSED' ? 'nobody listens' : null }
      }
    },
    close() {
      // Each talk has a connection of its own.
    },
  })
}

function broken(prng: Prng, message: unknown): Buffer {
  const value = prng.chance(0.7) ? mutateValue(prng, message) : message
  const text = (JSON.stringify(value) as string | undefined) ?? ''
  return prng.chance(0.3) ? mutateBytes(prng, text) : Buffer.from(text)
}

const EXITS = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 64])

function commandDoor({ daemon, cwd }: Place): Door {
  const env = { PATH: process.env['PATH'] ?? '', HOME: daemon.home, SKEIN_HOME: daemon.home }
  return {
    async next(prng) {
      const words = mutateWords(prng, prng.pick(COMMAND_LINES))
      const { exit, stderr } = await runCommand(words, cwd, env)
      const isFault = exit === null || !EXITS.has(exit) || /^\s+at .*\.js:\d+/m.test(stderr)
      return {
        told: String(exit),
        fault: isFault
          ? `exit ${String(exit)} of ${JSON.stringify(words)}: ${stderr.slice(0, 600)}`
          : null,
      }
    },
    close() {
      // Each run is a process that has ended.
    },
  }
}

function mutateWords(prng: Prng, words: readonly string[]): string[] {
  const changed = words.flatMap((word) => {
    if (prng.chance(0.1)) return []
    if (prng.chance(0.25)) return [String(mutateValue(prng, word))]
    return prng.chance(0.15) ? [mutateBytes(prng, word).toString('utf8')] : [word]
  })
  const [verb] = words
  // What would wait for ever, or end the daemon that is fuzzed.
  const kept = changed.filter((word) => !/^(?:--follow|down|up|mcp|try|logs|init)$/.test(word))
  const all = prng.chance(0.9) && verb !== undefined ? [verb, ...kept.slice(1)] : kept
  return all.map((word) => word.replaceAll('\0', ''))
}

function runCommand(words: readonly string[], cwd: string, env: Record<string, string>) {
  return new Promise<{ exit: number | null; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
    child.once('close', (exit) => {
      resolve({ exit, stderr })
    })
  })
}
