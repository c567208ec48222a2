// Processes that are started as leaders of groups of their own, so that they end with all that they have started.
import { systemProcesses, type ProcessIdentity } from './client/proc.ts'

/** A group of which nobody is left is no mistake. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}

/** A process that is gone before it could be looked at has no start that anybody could confuse with another's. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: systemProcesses().read(pid)?.started ?? 'gone' }
}
