// A caller of Redis: RESP over a loopback connection of its own; a claim is SET key value NX PX.
import { Exchange, type Parse } from './exchange.ts'
import type { LoadCaller } from './caller.ts'

/** As long as a claim of skein lives by default. */
const LIFE_MS = String(4 * 3_600_000)

export async function openRedisCaller(port: number, value: string): Promise<LoadCaller> {
  const exchange = await Exchange.open({ host: '127.0.0.1', port }, parseReply)
  let held: string[] = []

  async function expect(answer: string, ...words: string[]): Promise<void> {
    const got = await exchange.ask(encode(words))
    if (got !== answer) throw new Error(`redis answered ${words[0] ?? ''} with ${got}`)
  }

  return {
    async claim(key) {
      await expect('+OK', 'SET', key, value, 'NX', 'PX', LIFE_MS)
      held.push(key)
    },
    async release() {
      const keys = held
      held = []
      if (keys.length > 0) await expect(`:${String(keys.length)}`, 'DEL', ...keys)
    },
    ping: () => expect('+PONG', 'PING'),
    async check(key) {
      await exchange.ask(encode(['EXISTS', key]))
    },
    close() {
      exchange.close()
    },
  }
}

function encode(words: readonly string[]): string {
  const parts = words.map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`)
  return `*${String(words.length)}\r\n${parts.join('')}`
}

/** Replies of one line are all that these questions get. */
const parseReply: Parse<string> = (bytes) => {
  const end = bytes.indexOf('\r\n')
  return end < 0 ? null : { answer: bytes.toString('latin1', 0, end), length: end + 2 }
}
