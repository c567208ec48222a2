// One question and its answer, on a stream of its own, for machines that are no peers yet. Both are a length and as many
// bytes; everything is bounded in size and time before it is read.
import type { Connection, Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { LIMITS } from '../../../protocol/index.ts'

export interface QuestionTiming {
  /** For the question to arrive. */
  readonly askMs: number
  /** For the answer, which may need a majority's word. */
  readonly answerMs: number
}

export const QUESTION_PROTOCOL = '/skein/join/1'

const LENGTH_BYTES = 4

/** The asking side. @throws when the other hangs up, answers out of bounds, or the signal says so */
export async function askOver(
  stream: Stream,
  question: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = byteStream(stream, { maxBufferSize: LIMITS.answerBytesMax + LENGTH_BYTES })
  await bytes.write(framed(question), { signal })
  return readFramed(bytes, LIMITS.answerBytesMax, signal)
}

/** The answering side; ends with its connection closed, whatever happens. */
export async function answerOver(
  stream: Stream,
  connection: Connection,
  answer: (question: Uint8Array) => Promise<Uint8Array | null>,
  timing: QuestionTiming,
): Promise<void> {
  const bytes = byteStream(stream, { maxBufferSize: LIMITS.questionBytesMax + LENGTH_BYTES })
  const asked = AbortSignal.timeout(timing.askMs)
  const question = await readFramed(bytes, LIMITS.questionBytesMax, asked)
  const answered = AbortSignal.timeout(timing.answerMs)
  const given = await Promise.race([answer(question), untilAborted(answered), closeOf(connection)])
  if (given === null || given.length > LIMITS.answerBytesMax) throw new Error('no answer')
  await bytes.write(framed(given), { signal: answered })
  // The asking side hangs up once it has read the answer.
  await Promise.race([closeOf(connection), untilAborted(answered)])
}

function framed(content: Uint8Array): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

async function readFramed(
  bytes: ReturnType<typeof byteStream>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const length = (await bytes.read({ bytes: LENGTH_BYTES, signal })).getUint32(0)
  if (length > bytesMax) throw new Error(`more than ${String(bytesMax)} bytes`)
  if (length === 0) return new Uint8Array()
  return new Uint8Array((await bytes.read({ bytes: length, signal })).subarray())
}

export function closeOf(connection: Connection): Promise<null> {
  return new Promise((resolve) => {
    if (connection.status !== 'open' && connection.status !== 'closing') resolve(null)
    connection.addEventListener('close', () => {
      resolve(null)
    })
  })
}

export function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null)
    })
  })
}
