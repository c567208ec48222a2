// The live proof that a refusal reaches an agent: a file that somebody else holds, and each harness made to write to it.
// What is reported was seen to happen; what could not be seen is called UNKNOWN, never something better.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { CanaryReport, CanaryVerdict, Tool } from '../cli/setup.ts'
import { callOperation } from '../client/call.ts'
import { findSockets } from '../client/place.ts'
import { findProgram } from '../path-programs.ts'
import { tryClaude } from './claude.ts'
import { tryCodex } from './codex.ts'
import { replayCursor } from './cursor.ts'
import type { Attempt, Trial } from './trial.ts'

export interface CanaryOptions {
  readonly tools: readonly Tool[]
  readonly root: string
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** What git ignores is nobody's to claim: the canary's file must not be. */
  readonly isIgnored: (file: string) => Promise<boolean>
}

const HELD = 'held by the canary'
const CALL_MS_MAX = 10_000
/** In seconds: should this process be killed, nothing is left behind for long. */
const TTL_S = 600

/** @throws SkeinError what the daemon answers to a claim: without a daemon nothing can be shown. */
export async function runCanary(options: CanaryOptions): Promise<readonly CanaryReport[]> {
  const reports: CanaryReport[] = []
  for (const tool of options.tools) {
    const program = tool === 'cursor' ? 'replay' : findProgram(tool, options.env)
    const without = `${NAMES[tool]} is not on the PATH`
    if (program === null) reports.push(notInstalled(tool, without))
    else reports.push(...(await onHeldFile(options, (trial) => tryTool(tool, program, trial))))
  }
  return reports
}

const NAMES: Readonly<Record<Tool, string>> = {
  claude: 'Claude Code',
  codex: 'Codex',
  cursor: 'Cursor',
}

/** A file, a claim on it by somebody else, and both gone again afterwards, whatever happens. */
async function onHeldFile(
  { root, home, env, signal, isIgnored }: CanaryOptions,
  act: (trial: Trial) => Promise<readonly CanaryReport[]>,
): Promise<readonly CanaryReport[]> {
  const tag = randomBytes(4).toString('hex')
  const file = path.join(root, await freeName(tag, isIgnored))
  const holder = `canary-holder-${tag}`
  const who = { cwd: root, agent: holder, session: holder }
  const call = (name: 'claim' | 'release', input: object): Promise<unknown> =>
    callOperation(
      name,
      { ...who, ...input },
      { socket: findSockets(home).api, timeoutMs: CALL_MS_MAX },
    )
  const scopes = [{ kind: 'file', pattern: path.basename(file) }]
  await call('claim', { scopes, ttl_s: TTL_S, description: 'skein doctor --canary' })
  try {
    writeFileSync(file, `${HELD}\n`, { flag: 'wx' })
    return await act({ root, file, held: HELD, holder, home, env, signal })
  } finally {
    rmSync(file, { force: true })
    await call('release', { mine: true })
  }
}

async function tryTool(
  tool: Tool,
  program: string,
  trial: Trial,
): Promise<readonly CanaryReport[]> {
  if (tool === 'cursor') {
    const attempts = await replayCursor(trial)
    if (attempts === null) return [notInstalled(tool, 'no hook of skein is in .cursor/hooks.json')]
    return attempts.map((attempt) => judgeReplay(attempt, trial))
  }
  const attempts = await (tool === 'claude' ? tryClaude : tryCodex)(program, trial)
  const content = existsSync(trial.file) ? readFileSync(trial.file, 'utf8') : ''
  return attempts.map((attempt) => judge(tool, attempt, content, trial))
}

async function freeName(tag: string, isIgnored: CanaryOptions['isIgnored']): Promise<string> {
  for (const ending of ['.txt', '', '.md', '.c']) {
    const name = `skein-canary-${tag}${ending}`
    if (!(await isIgnored(name))) return name
  }
  throw new SkeinError('FORBIDDEN', 'Git ignores every name that the canary could write to.', {
    hint: 'Let .gitignore pass over files whose name begins with skein-canary-.',
  })
}

/** What each way would leave in the file. */
const TRACES: Readonly<Record<string, RegExp>> = {
  edit: /by the edit tool|by a patch/,
  shell: /through the shell/,
}

function judge(
  tool: Tool,
  { way, told, run }: Attempt,
  content: string,
  trial: Trial,
): CanaryReport {
  const report = (verdict: CanaryVerdict, says: string, hint: string | null): CanaryReport => ({
    tool,
    way,
    verdict,
    says,
    hint,
  })
  // A file that is gone, or is not what it was, was written to by one of the ways: which one does not show.
  const isOther =
    content !== `${HELD}\n` && !Object.values(TRACES).some((trace) => trace.test(content))
  if (isOther || TRACES[way]?.test(content) === true) {
    return report('LEAKED', 'it wrote to a file that somebody else holds', LEAK_HINTS[tool])
  }
  if (told?.includes(trial.holder) === true) {
    return report('BLOCKED', 'the file is untouched, and the model was told who holds it', null)
  }
  if (told !== null) {
    const says = `the file is untouched, but not for skein's word: ${clip(told)}`
    return report('UNKNOWN', says, 'skein logs')
  }
  const why = run.isLate ? 'it took too long' : `it ended with ${String(run.exit)}`
  return report('UNKNOWN', `it never came to write: ${why}: ${clip(run.said)}`, `${tool} --version`)
}

function judgeReplay({ way, told, run }: Attempt, trial: Trial): CanaryReport {
  const tool = 'cursor'
  if (told?.includes(trial.holder) === true) {
    return {
      tool,
      way,
      verdict: 'REPLAYED',
      says: 'the installed command refuses, and says who holds it',
      hint: null,
    }
  }
  if (told !== null) {
    return {
      tool,
      way,
      verdict: 'UNKNOWN',
      says: `refused, but not for the claim: ${clip(told)}`,
      hint: 'skein logs',
    }
  }
  const says = `the installed command lets it pass (exit ${String(run.exit)})`
  return { tool, way, verdict: 'LEAKED', says, hint: LEAK_HINTS.cursor }
}

const LEAK_HINTS: Readonly<Record<Tool, string>> = {
  claude: 'skein init --tool claude, then look for disableAllHooks in its settings',
  codex:
    'Codex skips hooks that you have not trusted: start codex here, trust the folder, then review them with /hooks; or skein init --tool codex --trust',
  cursor: 'skein init --tool cursor',
}

function notInstalled(tool: Tool, says: string): CanaryReport {
  return {
    tool,
    way: 'edit and shell',
    verdict: 'NOT INSTALLED',
    says,
    hint: `skein init --tool ${tool}`,
  }
}

function clip(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return line.length <= 300 ? line : `…${line.slice(-300)}`
}
