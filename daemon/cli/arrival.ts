// Waiting for a daemon that starts again in another mesh.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type OperationResult } from '../../protocol/index.ts'
import { callOperation } from '../client/call.ts'
import { findSockets, homePath } from '../client/place.ts'
import type { Command } from './arguments.ts'
import type { Io } from './io.ts'
import { callerFields } from './operation-input.ts'

/** The daemon starts again on its way; then the mesh ledger has to come. */
const ARRIVAL_MS = 30_000
const LOOK_MS = 200

/** @throws SkeinError NO_QUORUM, saying so, when it takes too long. */
export async function untilStatus(
  hasArrived: (status: OperationResult<'status'>) => boolean,
  otherwise: string,
  command: Command,
  io: Io,
): Promise<void> {
  const end = Date.now() + ARRIVAL_MS
  for (;;) {
    const { api: socket } = findSockets(homePath(io.env))
    try {
      const input = callerFields(command, io)
      const status = (await callOperation('status', input, {
        socket,
        timeoutMs: LOOK_MS * 10,
      })) as OperationResult<'status'>
      if (hasArrived(status)) return
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
    }
    if (Date.now() > end || io.interrupted.aborted)
      throw new SkeinError('NO_QUORUM', otherwise, { hint: 'skein members, skein logs' })
    await delay(LOOK_MS)
  }
}
