// Processes as the system shows them: parent, session, terminal, start time, name. A pid alone names nobody, since pids are
// reused; (boot, pid, start time) does. On the path of `skein check`: Node's own modules only, no schema or log library.
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'

/** A living process. Zombies are not living: they hold nothing and wait only to be counted. */
export interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  /** Pid of the session leader, 0 when unknown. */
  readonly leader: number
  /** The controlling terminal, null without one. */
  readonly terminal: string | null
  /** Start time in the system's own notation; only equality means anything, and only within one boot. */
  readonly started: string
  /** The program's short name as the kernel holds it. */
  readonly name: string
  /** Program and arguments; read apart, because most callers never need them. */
  readonly command: () => readonly string[]
}

/** Tests bring a twin. */
export interface ProcessTable {
  /** Null when no such process lives, and when the table cannot be read. */
  read(pid: number): ProcessFacts | null
  /** Does surely no such process live? Never said of a table that cannot be read. */
  isGone(pid: number): boolean
}

/** Names one process for good, within one boot. */
export interface ProcessIdentity {
  readonly pid: number
  readonly started: string
}

/** The system's table: live reads from /proc where there is one, else one `ps`, taken at the first read and then kept. */
export function systemProcesses(): ProcessTable {
  return existsSync('/proc/self/stat') ? PROC_FILES : snapshotTable()
}

/**
 * Changes with each boot: the kernel's id of this boot on Linux, the boot session on macOS, elsewhere the minute of the
 * boot as the wall clock has it now.
 */
export function bootId(): string {
  const linux = readText('/proc/sys/kernel/random/boot_id')?.trim()
  if (linux !== undefined && linux !== '') return linux
  return macBootId() ?? `minute-${String(Math.round((Date.now() / 1000 - os.uptime()) / 60))}`
}

const PROC_FILES: ProcessTable = {
  read(pid) {
    const stat = readText(`/proc/${String(pid)}/stat`)
    return stat === null ? null : parseStat(stat)
  },
  isGone(pid) {
    try {
      return parseStat(readFileSync(`/proc/${String(pid)}/stat`, 'utf8')) === null
    } catch (error) {
      // Too many open files, say, tell nothing of the process.
      return GONE.has((error as NodeJS.ErrnoException).code ?? '')
    }
  },
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH'])

/**
 * One line of /proc/PID/stat, by proc(5). The name stands in parentheses and may itself hold spaces and parentheses, so the
 * last `)` ends it.
 */
export function parseStat(stat: string): ProcessFacts | null {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  if (open < 0 || close < open) return null
  const pid = Number(stat.slice(0, open))
  // state ppid pgrp session tty_nr tpgid ...; the start time is field 22 of the whole line.
  const [state, parent, , leader, terminal, ...rest] = stat.slice(close + 2).split(' ')
  const started = rest[14]
  if (started === undefined || !isLivingState(state)) return null
  return {
    pid,
    parent: Number(parent),
    leader: Number(leader),
    terminal: terminal === '0' || terminal === undefined ? null : terminal,
    started,
    name: stat.slice(open + 1, close),
    command: () => splitCommand(readText(`/proc/${String(pid)}/cmdline`)),
  }
}

const PS_COLUMNS = 'pid=,ppid=,stat=,tty=,lstart=,command='
const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/
const PS_BYTES_MAX = 16 * 1024 * 1024

function snapshotTable(): ProcessTable {
  let table: ReadonlyMap<number, ProcessFacts> | undefined
  const take = (): ReadonlyMap<number, ProcessFacts> => {
    table ??= parsePs(run('ps', ['-axo', PS_COLUMNS]) ?? '')
    return table
  }
  return {
    read: (pid) => take().get(pid) ?? null,
    // A list without this very process is a `ps` that failed.
    isGone: (pid) => take().has(process.pid) && !take().has(pid),
  }
}

/** The answer of `ps -axo pid=,ppid=,stat=,tty=,lstart=,command=`; a session leader is marked by `s` in its state. */
export function parsePs(text: string): ReadonlyMap<number, ProcessFacts> {
  const rows = text
    .split('\n')
    .map(parsePsLine)
    .filter((row) => row !== null)
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  return new Map(rows.map((row) => [row.pid, { ...row, leader: leaderOf(row, byPid) }]))
}

interface PsRow extends ProcessFacts {
  readonly isLeader: boolean
}

function parsePsLine(line: string): PsRow | null {
  const [, pid, parent, state = '', terminal = '', started = '', command = ''] =
    PS_LINE.exec(line) ?? []
  if (pid === undefined || !isLivingState(state)) return null
  const words = command.split(' ')
  return {
    pid: Number(pid),
    parent: Number(parent),
    leader: 0,
    terminal: /^\?+$|^-$/.test(terminal) ? null : terminal,
    started: started.replace(/\s+/g, ' '),
    // A login shell calls itself `-zsh`.
    name: (words[0] ?? '').replace(/^-/, '').replace(/^.*\//, ''),
    command: () => words,
    isLeader: state.includes('s'),
  }
}

/** macOS prints no session leader's pid: it is the nearest ancestor on the same terminal that is marked as one. */
function leaderOf(row: PsRow, byPid: ReadonlyMap<number, PsRow>): number {
  let current: PsRow | undefined = row
  for (let depth = 0; current !== undefined && depth < ANCESTORS_MAX; depth++) {
    if (current.terminal !== row.terminal) return 0
    if (current.isLeader) return current.pid
    current = byPid.get(current.parent)
  }
  return 0
}

/** Deeper chains of processes are loops in what we read, not families. */
export const ANCESTORS_MAX = 64

/** The process itself, then its living ancestors, nearest first. */
export function readLineage(pid: number, processes: ProcessTable): readonly ProcessFacts[] {
  const lineage: ProcessFacts[] = []
  let current = processes.read(pid)
  while (current !== null && lineage.length < ANCESTORS_MAX) {
    lineage.push(current)
    current = current.parent > 0 ? processes.read(current.parent) : null
  }
  return lineage
}

/** Does the process that bore this identity still live, in this boot? Yes where nobody can tell: no claim ends by a guess. */
export function isLiving(identity: ProcessIdentity, processes: ProcessTable): boolean {
  const facts = processes.read(identity.pid)
  return facts === null ? !processes.isGone(identity.pid) : facts.started === identity.started
}

function isLivingState(state: string | undefined): boolean {
  return state !== undefined && !/^[ZXx]/.test(state)
}

function splitCommand(text: string | null): readonly string[] {
  return text === null ? [] : text.split('\0').filter((word) => word !== '')
}

function macBootId(): string | null {
  if (process.platform !== 'darwin') return null
  // bootsessionuuid does not move when the wall clock is set; kern.boottime does, and serves older systems.
  const session = run('sysctl', ['-n', 'kern.bootsessionuuid'])?.trim()
  if (session !== undefined && session !== '') return session
  const seconds = /sec = (\d+)/.exec(run('sysctl', ['-n', 'kern.boottime']) ?? '')?.[1]
  return seconds === undefined ? null : `boottime-${seconds}`
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function run(program: string, args: readonly string[]): string | null {
  try {
    // Loaded only here: the import costs a millisecond that Linux never needs.
    return process.getBuiltinModule('node:child_process').execFileSync(program, args, {
      encoding: 'utf8',
      // One notation of start times for every caller, whatever its locale and time zone.
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' },
      maxBuffer: PS_BYTES_MAX,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2_000,
    })
  } catch {
    return null
  }
}
