// Who calls: agent, session, harness, and the process whose life is the session's. The same window of the same person gives
// the same session in every call, without a file and without asking anybody. On the path of `skein check`: Node's own
// modules only, no schema or log library, at most one read of each ancestor.
import os from 'node:os'
import { digestOf } from './digest.ts'
import {
  bootId,
  readLineage,
  systemProcesses,
  type ProcessFacts,
  type ProcessIdentity,
  type ProcessTable,
} from './proc.ts'

export interface Caller {
  /** The name that was given; null asks the daemon for `<user>@<machine>/<tool>/<last 4 of the session>`. */
  readonly agent: string | null
  readonly user: string
  /** The harness, or `shell`. */
  readonly tool: string
  readonly session: string
  readonly sessionSource: SessionSource
  readonly harness: Harness | null
  /** The daemon ends the session when this process is gone; null when nothing living stands for it. */
  readonly process: ProcessIdentity | null
  /** Its harness says that nobody sits before it. */
  readonly isHeadless: boolean
}

export type SessionSource =
  'flag' | 'environment' | 'hook' | 'claude' | 'codex' | 'terminal' | 'process'

export type Harness =
  'claude' | 'codex' | 'cursor' | 'cursor-agent' | 'opencode' | 'aider' | 'gemini'

export interface CallerInput {
  /** `--agent`. */
  readonly agent?: string | undefined
  /** `--session`. */
  readonly session?: string | undefined
  /** The `session_id` of a hook's payload. */
  readonly hookSession?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What the machine knows; tests bring twins. */
export interface CallerSurroundings {
  readonly pid: number
  readonly processes: ProcessTable
  readonly boot: () => string
  readonly user: () => string
}

/** Identifies the caller of this process. Never fails: at worst the session is this process alone. */
export function identifyCaller(
  input: CallerInput,
  around: CallerSurroundings = ownSurroundings(input.env),
): Caller {
  const lineage = readLineage(around.pid, around.processes)
  const found = findHarness(lineage)
  const terminal = findTerminal(lineage, around.processes)
  // A harness runs each command in a new shell, so a shell between it and us is no session of its own.
  const root = found?.process ?? lineage.slice(behindGit(lineage)).find(isShell) ?? null
  const { session, source } = nameSession(input, terminal, root ?? lineage[0] ?? null, around)
  const harness = found?.harness ?? HARNESS_OF_SOURCE[source] ?? null
  return {
    agent: given(input.agent) ?? given(input.env['SKEIN_AGENT']) ?? null,
    user: around.user(),
    tool: harness ?? 'shell',
    session,
    sessionSource: source,
    harness,
    process: identityOf(lifeOf(source, terminal, found?.process ?? null, root)),
    isHeadless: isHeadless(input.env, found),
  }
}

/** Claude Code says how it was started; Codex and Cursor have words of their own for it. */
function isHeadless(
  env: CallerInput['env'],
  found: { readonly harness: Harness; readonly process: ProcessFacts } | null,
): boolean {
  if (env['CLAUDE_CODE_ENTRYPOINT']?.startsWith('sdk-') === true) return true
  const sign = found === null ? undefined : HEADLESS[found.harness]
  return (
    sign !== undefined && found !== null && found.process.command().some((word) => sign.test(word))
  )
}

const HEADLESS: Readonly<Partial<Record<Harness, RegExp>>> = {
  claude: /^(?:-p|--print)$/,
  codex: /^(?:exec|e)$/,
  'cursor-agent': /^(?:-p|--print)$/,
}

/**
 * Whose death ends the session. A session that was named outlives the shells that name it (each step of a build has its
 * own), so only a harness stands for it: to end one too early would give its claims away under somebody's hands.
 */
function lifeOf(
  source: SessionSource,
  terminal: Terminal | null,
  harness: ProcessFacts | null,
  root: ProcessFacts | null,
): ProcessFacts | null {
  if (source === 'terminal') return terminal?.leader ?? null
  return source === 'process' ? root : harness
}

const HARNESS_OF_SOURCE: Readonly<Partial<Record<SessionSource, Harness>>> = {
  claude: 'claude',
  codex: 'codex',
}

interface Terminal {
  readonly name: string
  readonly leader: ProcessFacts
}

/** Variables that say who somebody is: not to be handed on to what serves, or starts, others. */
const IDENTITY_VARIABLES = [
  'SKEIN_AGENT',
  'SKEIN_SESSION',
  'CLAUDE_CODE_SESSION_ID',
  'CODEX_SESSION_ID',
] as const

/** The environment without what says whose it was. */
export function withoutIdentity(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const own = new Set<string>(IDENTITY_VARIABLES)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.has(name)))
}

/** The first that is there, from the most to the least particular. */
function nameSession(
  input: CallerInput,
  terminal: Terminal | null,
  root: ProcessFacts | null,
  around: CallerSurroundings,
): { readonly session: string; readonly source: SessionSource } {
  const named: readonly (readonly [SessionSource, string | undefined])[] = [
    ['flag', input.session],
    ['environment', input.env['SKEIN_SESSION']],
    ['hook', input.hookSession],
    ['claude', input.env['CLAUDE_CODE_SESSION_ID']],
    ['codex', input.env['CODEX_SESSION_ID']],
  ]
  for (const [source, value] of named) {
    const session = given(value)
    if (session !== undefined) return { session, source }
  }
  if (terminal !== null) {
    const { pid, started } = terminal.leader
    const facts = [around.boot(), terminal.name, String(pid), started]
    return { session: `tty_${hash(facts)}`, source: 'terminal' }
  }
  const facts = [around.boot(), String(root?.pid ?? around.pid), root?.started ?? '']
  return { session: `proc_${hash(facts)}`, source: 'process' }
}

/** A terminal counts only while its session leader lives: without one there is no window that could end. */
function findTerminal(lineage: readonly ProcessFacts[], processes: ProcessTable): Terminal | null {
  const self = lineage[0]
  if (self?.terminal == null || self.leader <= 0) return null
  const leader = lineage.find(({ pid }) => pid === self.leader) ?? processes.read(self.leader)
  return leader === null ? null : { name: self.terminal, leader }
}

/** Program names, and the packages that script runtimes are started with. */
const HARNESSES: Readonly<Record<string, Harness>> = {
  claude: 'claude',
  'claude-code': 'claude',
  codex: 'codex',
  cursor: 'cursor',
  'cursor-agent': 'cursor-agent',
  opencode: 'opencode',
  'opencode-ai': 'opencode',
  aider: 'aider',
  gemini: 'gemini',
  'gemini-cli': 'gemini',
}
const SHELLS = new Set(['bash', 'zsh', 'sh', 'fish', 'dash', 'ksh', 'tcsh', 'nu', 'pwsh'])
/** Programs whose own name says nothing: the script does. Node 24 names its main thread, not its program. */
const RUNTIMES = /^(?:node|bun|deno|python[\d.]*|MainThread|node-MainThread)$/i

function findHarness(
  lineage: readonly ProcessFacts[],
): { readonly harness: Harness; readonly process: ProcessFacts } | null {
  for (const process of lineage.slice(1)) {
    const harness = harnessOf(process)
    if (harness !== undefined) return { harness, process }
  }
  return null
}

function harnessOf(process: ProcessFacts): Harness | undefined {
  const byName = lookUp(process.name)
  if (byName !== undefined || !RUNTIMES.test(process.name)) return byName
  // `node /usr/lib/node_modules/@openai/codex/bin/codex.js`, `python3 -m aider`: program, then the first word that is no
  // option.
  const words = process.command().filter((word) => !word.startsWith('-'))
  return words
    .slice(0, 2)
    .flatMap(namesIn)
    .map(lookUp)
    .find((harness) => harness !== undefined)
}

/** A script's own name, and the package that it belongs to. Other folders may be called anything. */
function namesIn(path: string): readonly string[] {
  const script = path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:[cm]?js|py)$/, '')
  const packageName = /node_modules\/(?:@[^/]+\/)?([^/]+)\//.exec(path)?.[1]
  return packageName === undefined ? [script] : [script, packageName]
}

function lookUp(name: string): Harness | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(HARNESSES, key) ? HARNESSES[key] : undefined
}

/** Behind the outermost git above us: the shells that git starts, for a hook or a helper, are nobody's session. */
function behindGit(lineage: readonly ProcessFacts[]): number {
  return Math.max(1, lineage.findLastIndex(({ name }) => /^git(?:-|$)/.test(name)) + 1)
}

function isShell(process: ProcessFacts): boolean {
  return SHELLS.has(process.name.replace(/^-/, ''))
}

function ownSurroundings(env: CallerInput['env']): CallerSurroundings {
  return { pid: process.pid, processes: systemProcesses(), boot: bootId, user: () => userName(env) }
}

/** A user id without an entry in the password file, as in many containers, has no name but that of its environment. */
function userName(env: CallerInput['env']): string {
  try {
    return os.userInfo().username
  } catch {
    return given(env['USER']) ?? `uid-${String(process.getuid?.() ?? 0)}`
  }
}

function given(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}

function identityOf(process: ProcessFacts | null): ProcessIdentity | null {
  return process === null ? null : { pid: process.pid, started: process.started }
}

/** 80 bits: enough that two windows never share one. */
function hash(facts: readonly string[]): string {
  return digestOf(facts.join('\0')).slice(0, 20)
}
