// The SDK's transport of one session, which also knows what it has not answered yet: so that no call ends without a word when
// the daemon does.
import type { ServerResponse } from 'node:http'
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  WebStandardStreamableHTTPServerTransport,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/server'
import { failureOf } from '../conversation.ts'
import { blameCaller } from '../mistakes.ts'

type DropFirst<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : []

export class SessionTransport extends WebStandardStreamableHTTPServerTransport {
  readonly #open = new Map<RequestId, ServerResponse>()
  #isEnding = false

  /** Notes the requests of a body, which are answered on this response. */
  expect(body: unknown, response: ServerResponse): void {
    const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
    const ids = messages.filter((message) => isJSONRPCRequest(message)).map(({ id }) => id)
    for (const id of ids) this.#open.set(id, response)
    response.once('close', () => {
      for (const id of ids) if (this.#open.get(id) === response) this.#open.delete(id)
    })
  }

  override async send(
    message: JSONRPCMessage,
    ...options: DropFirst<Parameters<WebStandardStreamableHTTPServerTransport['send']>>
  ): Promise<void> {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      if (this.#isEnding) return
      if (message.id !== undefined) this.#open.delete(message.id)
    }
    await super.send(blameCaller(message), ...options)
  }

  /** Answers what is open with this failure; what comes later is told to nobody. */
  async failOpen(message: string, code: string): Promise<void> {
    this.#isEnding = true
    const ids = [...this.#open.keys()]
    this.#open.clear()
    for (const id of ids) await super.send({ jsonrpc: '2.0', id, error: failureOf(message, code) })
  }
}
