// The body of a request: bounded while it arrives, then one JSON object.
import type { IncomingMessage } from 'node:http'
import { LIMITS, SkeinError } from '../../protocol/index.ts'

/** An empty body is an empty object. @throws SkeinError INPUT_SIZE, INPUT_JSON, INTERRUPTED */
export async function readJson(
  request: IncomingMessage,
  bytesMax: number = LIMITS.inputBytesMax,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(request, bytesMax)
  return text === '' ? {} : parseObject(text)
}

/** By events, not by iteration: this stands on the path of every call. @throws SkeinError INPUT_SIZE, INTERRUPTED */
export function readText(
  request: IncomingMessage,
  bytesMax: number = LIMITS.inputBytesMax,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax) {
        request.pause()
        reject(tooLarge(bytesMax))
      } else chunks.push(chunk)
    })
    request.once('end', () => {
      resolve(size === 0 ? '' : Buffer.concat(chunks, size).toString('utf8'))
    })
    request.once('error', reject)
    request.once('close', () => {
      // It closes after every call; an error costs a walk up the stack.
      if (!request.complete) reject(new SkeinError('INTERRUPTED', 'the caller is gone'))
    })
  })
}

function tooLarge(bytesMax: number): SkeinError {
  return new SkeinError('INPUT_SIZE', `the body is larger than ${String(bytesMax)} bytes`)
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SkeinError('INPUT_JSON', 'the body is not JSON', { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new SkeinError('INPUT_JSON', 'the body is not a JSON object')
}
