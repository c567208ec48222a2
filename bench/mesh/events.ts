// A reader of one machine's event stream that says when a word came.
import net from 'node:net'

/** What is kept to find a word that two chunks share. */
const KEPT = 65_536

export interface EventReader {
  /** When the word came, by performance.now(). Asked before it can come. */
  awaitWord(word: string): Promise<number>
  close(): void
}

export function readEvents(socketPath: string, repo: string): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath)
    const waiting = new Map<string, (at: number) => void>()
    let text = ''
    const reader: EventReader = {
      awaitWord: (word) =>
        new Promise((found) => {
          waiting.set(word, found)
        }),
      close() {
        socket.destroy()
      },
    }
    socket.once('error', reject)
    socket.on('data', (chunk) => {
      const now = performance.now()
      const isFirst = text === ''
      text = (text + chunk.toString('latin1')).slice(-KEPT)
      if (isFirst && !text.startsWith('HTTP/1.1 200')) reject(new Error(text))
      if (isFirst) resolve(reader)
      for (const [word, found] of waiting) {
        if (!text.includes(word)) continue
        waiting.delete(word)
        found(now)
      }
    })
    const head = 'host: skein\r\naccept: application/x-ndjson\r\n'
    socket.write(`GET /v1/events?repo=${repo} HTTP/1.1\r\n${head}\r\n`)
  })
}
