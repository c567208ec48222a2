// `skein log ID`, and `skein watch ID` for what matters of it: a worker's log, piece after piece by bytes, so that it goes on where it stood when a call breaks.
import type { OperationResult } from '../../../protocol/index.ts'
import { SkeinError } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import { buildInput } from '../operation-input.ts'
import { clean } from '../output/text.ts'
import { watchedLines } from '../output/watched.ts'
import { call } from './operation.ts'

type Piece = OperationResult<'log'>

/** A call of a follower asks the daemon to wait so long for more. */
const WAIT_SECONDS = 20

export async function runLog(command: Command, io: Io): Promise<number> {
  const { follow, json } = command.fields
  const input = Object.fromEntries(
    Object.entries(buildInput('log', command, io)).filter(([field]) => field !== 'follow'),
  )
  const isWatching = command.verb.name === 'watch'
  const isFollowing = follow === true || isWatching
  const shownOf = isWatching ? watchedLines : whole
  let since = typeof input['since'] === 'number' ? input['since'] : 0
  let rest = ''
  const over = AbortSignal.any([io.interrupted, io.stdout.closed])
  while (!over.aborted) {
    const asked = { ...input, since, ...(isFollowing ? { wait_s: WAIT_SECONDS } : {}) }
    const piece = await next(asked, command, io)
    if (piece === null) continue
    since = piece.next
    if (json === true) io.stdout.write(`${JSON.stringify(piece, null, isFollowing ? 0 : 2)}\n`)
    else rest = print(rest + piece.text, shownOf, io)
    const isAll = piece.ended || (!isFollowing && piece.next >= piece.total)
    if (isAll || (json === true && !isFollowing)) break
  }
  if (rest !== '') print(`${rest}\n`, shownOf, io)
  return io.interrupted.aborted ? 130 : 0
}

/** Null: nothing came now, and it is asked again. */
async function next(
  asked: Readonly<Record<string, unknown>>,
  command: Command,
  io: Io,
): Promise<Piece | null> {
  try {
    return (await call('log', asked, command, io)) as Piece
  } catch (error) {
    const isOver = error instanceof SkeinError && error.code === 'INTERRUPTED'
    if (isOver) return null
    throw error
  }
}

type ShownOf = (line: string) => readonly string[]

const whole: ShownOf = (line) => [line]

/** Whole lines; @returns the one that is not yet. */
function print(text: string, shownOf: ShownOf, io: Io): string {
  const lines = text.split('\n')
  const rest = lines.pop() ?? ''
  const shown = lines.flatMap(shownOf)
  io.stdout.write(shown.map((line) => `${clean(line)}\n`).join(''))
  return rest
}
