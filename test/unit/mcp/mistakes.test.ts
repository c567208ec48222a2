import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { listen } from './twins.ts'

interface Answer {
  readonly error?: { readonly code: number; readonly message: string }
}

describe('parameters that do not fit the protocol', () => {
  it('are told as the caller’s mistake, in words', async (t) => {
    const { path } = await listen(t)
    const socket = net.connect(path)
    t.after(() => socket.destroy())
    const lines = createInterface({ input: socket })
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: null,
      clientInfo: { version: '1' },
    }
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
    const [line] = (await once(lines, 'line')) as [string]
    const { error } = JSON.parse(line) as Answer
    assert.equal(error?.code, -32_602)
    assert.match(
      error.message,
      /^Wrong parameters: params\.capabilities: .*params\.clientInfo\.name: /,
    )
  })
})
