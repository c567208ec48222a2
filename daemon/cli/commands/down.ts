// `skein down`: asks the daemon to end and waits until it has. Its pid is taken only together with its start time, so that
// no other process is ever meant.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import { homePath } from '../../client/place.ts'
import type { Io } from '../io.ts'
import type { LocalCommand, Machine } from '../machine.ts'

const END_MS_MAX = 10_000
const POLL_MS = 20

export const run: LocalCommand = async ({ fields }, io, machine) => {
  const home = homePath(io.env)
  const pid = await endDaemon(home, io, machine)
  const facts = { stopped: pid !== null, pid, home }
  if (fields['json'] === true) io.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
  else if (fields['quiet'] !== true) {
    const text =
      pid === null
        ? `No daemon runs on ${home}.`
        : `Stopped (pid ${String(pid)}). Claims stay on disk.`
    io.stdout.write(`${text}\n`)
  }
  return 0
}

/**
 * Asks the daemon of a home to end and waits until it has. @returns its pid; null where none runs.
 * @throws SkeinError DAEMON_FAILED when it still runs then, FORBIDDEN when it is somebody else's.
 */
export async function endDaemon(home: string, io: Io, machine: Machine): Promise<number | null> {
  const daemon = await machine.daemonOf(home)
  if (daemon === null) return null
  signal(daemon.pid)
  const deadline = performance.now() + END_MS_MAX
  while (performance.now() < deadline && !io.interrupted.aborted) {
    const now = await machine.daemonOf(home)
    if (now?.pid !== daemon.pid) return daemon.pid
    await delay(POLL_MS)
  }
  throw new SkeinError('DAEMON_FAILED', 'The daemon was asked to end, and still runs.', {
    hint: `kill -9 ${String(daemon.pid)}`,
    data: { pid: daemon.pid, home },
  })
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    // Gone in the meantime is what was wanted.
    if (code === 'ESRCH') return
    throw new SkeinError('FORBIDDEN', `Process ${String(pid)} is not yours to end.`, { cause })
  }
}
