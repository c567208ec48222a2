// Small acts on sockets for the bridge, each bounded in time. Node's own modules only.
import net from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const LINE_FEED = '\n'

/** Null when nobody listens there. */
export function dial(socketPath: () => string): Promise<net.Socket | null> {
  return new Promise((resolve) => {
    try {
      const socket = net.connect(socketPath())
      socket.once('connect', () => {
        resolve(socket)
      })
      socket.once('error', () => {
        resolve(null)
      })
    } catch {
      resolve(null)
    }
  })
}

/** Resolves when the daemon has room for more, or is gone. */
export async function writeLine(socket: net.Socket, line: Buffer): Promise<void> {
  socket.cork()
  socket.write(line)
  const hasRoom = socket.write(LINE_FEED)
  socket.uncork()
  if (hasRoom || socket.destroyed) return
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle)
      resolve()
    }
    socket.on('drain', settle).on('close', settle)
  })
}

const HANG_UP_MS = 500

export async function hangUp(socket: net.Socket): Promise<void> {
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve()
    }),
  )
  socket.end()
  await Promise.race([closed, sleep(HANG_UP_MS, undefined, { ref: false })])
  socket.destroy()
}

export async function flush(stdout: Writable, withinMs: number): Promise<void> {
  if (stdout.writableLength === 0 || stdout.destroyed) return
  const written = new Promise<void>((resolve) =>
    stdout.write('', () => {
      resolve()
    }),
  )
  await Promise.race([written, sleep(withinMs, undefined, { ref: false })])
}
