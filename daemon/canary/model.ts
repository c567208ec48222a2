// A model that follows a script, on loopback: what a harness asks of its vendor is answered with the next step, and what
// came of each step is read from the next question. The forms of each vendor stand in files of their own.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** One tool call that the model makes. */
export interface Step {
  readonly id: string
  /** Null where the harness offers no tool for it: the step is left out. */
  readonly tool: (offered: readonly string[]) => ToolCall | null
}

export interface ToolCall {
  readonly name: string
  /** An object, or a text for tools that take one. */
  readonly input: Readonly<Record<string, unknown>> | string
}

/** What the harness told the model of a step. */
export interface StepResult {
  readonly text: string
}

export interface ScriptedModel {
  readonly url: string
  readonly results: ReadonlyMap<string, StepResult>
  /** Steps that the model asked for. */
  readonly asked: ReadonlySet<string>
  close(): Promise<void>
}

/** How one vendor's requests are read and answered. */
export interface Dialect {
  /** Null for a question that is not the talk itself: any text will do. */
  read(body: unknown): Question | null
  /** Server-sent events, as the body of an answer. */
  call(step: string, call: ToolCall, turn: number): string
  text(text: string, turn: number): string
}

export interface Question {
  readonly offered: readonly string[]
  readonly results: ReadonlyMap<string, StepResult>
}

/** A talk with all its tools has some 100 kB. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

export async function startModel(steps: readonly Step[], dialect: Dialect): Promise<ScriptedModel> {
  const results = new Map<string, StepResult>()
  const asked = new Set<string>()
  let turn = 0
  const answer = (body: unknown): string => {
    turn++
    const question = dialect.read(body)
    if (question === null) return dialect.text('canary', turn)
    for (const [id, result] of question.results) results.set(id, result)
    for (const { id, tool } of steps) {
      if (asked.has(id)) continue
      asked.add(id)
      const call = tool(question.offered)
      if (call !== null) return dialect.call(id, call, turn)
      asked.delete(id)
    }
    return dialect.text('done', turn)
  }
  const server = http.createServer((request, response) => {
    if (request.method !== 'POST') {
      response.end()
      return
    }
    readBody(request).then(
      (body) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(answer(body))
      },
      () => {
        response.writeHead(400).end()
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    results,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** One server-sent event. */
export function sse(type: string, fields: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw new Error('too long')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
}
