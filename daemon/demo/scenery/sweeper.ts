// Whatever ends the demonstration, nothing of it is left: a process of its own waits for the end of this one, be it a kill, and
// then stops what still runs and removes the folder.
import { spawn, type ChildProcess } from 'node:child_process'

export interface Sweeper {
  /** Is to be stopped. */
  started(pid: number): void
  /** Has ended: its number may be another's soon. */
  ended(pid: number): void
  /** There is nothing to do any more. */
  dismiss(): void
}

/** A text, as a program of its own has neither a file beside an installed one nor anything that a bundler may rename. */
const PROGRAM = `
const { rmSync } = require('node:fs')
const folder = process.argv[1]
const pids = new Set()
let rest = ''
let isDismissed = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\\n')
  rest = lines.pop()
  for (const line of lines) {
    const [word, pid] = line.split(' ')
    if (word === 'started') pids.add(Number(pid))
    if (word === 'ended') pids.delete(Number(pid))
    if (word === 'dismissed') isDismissed = true
  }
})
process.stdin.on('error', () => {})
process.stdin.on('close', () => {
  if (isDismissed) return
  const signal = (name) => {
    for (const pid of pids) try { process.kill(pid, name) } catch { pids.delete(pid) }
  }
  signal('SIGTERM')
  const start = Date.now()
  const look = () => {
    signal(Date.now() - start > 3000 ? 'SIGKILL' : 0)
    if (pids.size > 0) setTimeout(look, 50)
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  look()
})
`

export function startSweeper(folder: string): Sweeper {
  const child: ChildProcess = spawn(process.execPath, ['-e', PROGRAM, folder], {
    // Its own group: a Ctrl-C, or the end of the terminal, is not its end.
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const say = (line: string): void => {
    child.stdin?.write(`${line}\n`)
  }
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  return {
    started: (pid) => {
      say(`started ${String(pid)}`)
    },
    ended: (pid) => {
      say(`ended ${String(pid)}`)
    },
    dismiss: () => {
      child.stdin?.end('dismissed\n')
      child.unref()
    },
  }
}
