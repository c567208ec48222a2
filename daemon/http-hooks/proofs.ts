// Which sessions reach this daemon by HTTP: a file for each, with the daemon's process id. The command line beside an HTTP hook
// looks at it by the shell alone, and ends where the file is there and the process lives: it has nothing to add. So each
// doubt (a daemon that died, another port, a pass that is no longer good, a proxy in between) costs a process, and no verdict.
// A proof is written after a verdict and never before it; all of them go with the daemon.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { codeOf } from '../home.ts'
import { passesFolder } from './passes.ts'

export interface Proofs {
  /** The session's hook was answered. Writes once; a session whose name is no plain word has no proof. */
  readonly note: (passId: string, session: string) => void
  /** Takes all of them away, and writes none any more. Idempotent. */
  readonly close: () => void
}

const LIVE = 'live-'
/** As harnesses name them. It becomes a file's name. */
const SESSION = /^[A-Za-z0-9_-]{1,128}$/
/** Of all checkouts together. Whose proof is taken away asks by a process once, and has it again. */
const PROOFS_MAX = 1_000

/** The folder that the hooks of a checkout look into. */
export function proofsFolder(home: string, passId: string): string {
  return path.join(passesFolder(home), LIVE + passId)
}

/** Begins without any: what an earlier daemon left behind proves nothing. */
export function openProofs(home: string, pid: number): Proofs {
  const known = new Set<string>()
  let isOpen = true
  removeAll(home)
  return {
    note(passId, session) {
      const file = path.join(proofsFolder(home, passId), session)
      if (!isOpen || !SESSION.test(session) || known.has(file)) return
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      writeFileSync(file, `${String(pid)}\n`, { mode: 0o600 })
      known.add(file)
      const [oldest] = known
      if (known.size <= PROOFS_MAX || oldest === undefined) return
      known.delete(oldest)
      rmSync(oldest, { force: true })
    },
    close() {
      isOpen = false
      removeAll(home)
    },
  }
}

function removeAll(home: string): void {
  const folder = passesFolder(home)
  try {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(LIVE)) rmSync(path.join(folder, name), { recursive: true, force: true })
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
