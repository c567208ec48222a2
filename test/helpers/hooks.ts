// Harnesses at their hooks: recorded payloads through the installed commands, as processes.
import { spawn } from 'node:child_process'
import path from 'node:path'
import type { HarnessName } from '../../protocol/index.ts'
import { PROGRAM } from './daemon.ts'

export interface Hooked {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  /** What was printed, as JSON; null when nothing was. */
  readonly json: Readonly<Record<string, unknown>> | null
  /** `permissionDecision`, `permission` or `decision`; null when nothing is said. */
  readonly says: unknown
  /** Every text in it. */
  readonly text: string
}

export interface HarnessRun {
  readonly session: string
  /** A tool that is about to run. */
  before(tool: string, input: unknown, more?: Readonly<Record<string, unknown>>): Promise<Hooked>
  /** A tool that has run. */
  after(tool: string, input: unknown, more?: Readonly<Record<string, unknown>>): Promise<Hooked>
  start(more?: Readonly<Record<string, unknown>>): Promise<Hooked>
  end(): Promise<Hooked>
  /** The model has stopped. */
  turnEnd(): Promise<Hooked>
  /** Any hook with any payload. */
  send(words: readonly string[], payload: unknown): Promise<Hooked>
}

export interface HarnessOptions {
  readonly home: string
  readonly cwd: string
  readonly harness?: HarnessName
  readonly env?: Readonly<Record<string, string>>
  /** As the wiring says it, for hooks that may wait. */
  readonly patience?: string
}

let sessions = 0

export function makeHarness(name: string, options: HarnessOptions): HarnessRun {
  const { home, cwd, harness = 'claude', env = {}, patience } = options
  const waits = patience === undefined ? [] : ['--patience', patience]
  const session = `${String(process.pid)}-${String(sessions++)}-${name}`
  const send: HarnessRun['send'] = (words, payload) =>
    runHook([...words, '--harness', harness], payload, {
      cwd,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        SKEIN_HOME: home,
        SKEIN_HTTP_PORT: '0',
        ...env,
      },
    })
  const of = (event: string, more: Readonly<Record<string, unknown>>): unknown =>
    harness === 'cursor'
      ? {
          conversation_id: session,
          generation_id: `gen-${session}`,
          workspace_roots: [cwd],
          cursor_version: '2.4.0',
          hook_event_name: event.charAt(0).toLowerCase() + event.slice(1),
          ...more,
        }
      : {
          session_id: session,
          transcript_path: null,
          cwd,
          permission_mode: 'acceptEdits',
          hook_event_name: event,
          ...more,
        }
  const tool = (tool_name: string, tool_input: unknown) => ({
    tool_name,
    tool_input,
    tool_use_id: `use-${session}`,
  })
  return {
    session,
    send,
    before: (name, input, more = {}) =>
      send(['guard', ...waits], of('PreToolUse', { ...tool(name, input), ...more })),
    after: (name, input, more = {}) =>
      send(['hook', 'post-tool'], of('PostToolUse', { ...tool(name, input), ...more })),
    start: (more = {}) =>
      send(['hook', 'session-start'], of('SessionStart', { source: 'startup', ...more })),
    turnEnd: () => send(['hook', 'turn-end', ...waits], of('Stop', { stop_hook_active: false })),
    end: () => send(['hook', 'session-end'], of('SessionEnd', { reason: 'exit' })),
  }
}

function runHook(
  words: readonly string[],
  payload: unknown,
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Hooked> {
  // Away from the repository, so that nothing but the payload says where.
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: path.dirname(cwd), env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  // A program that ends before it has read everything is no failure of the test.
  child.stdin.on('error', () => undefined)
  child.stdin.end(typeof payload === 'string' ? payload : JSON.stringify(payload))
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const json = stdout === '' ? null : (JSON.parse(stdout) as Readonly<Record<string, unknown>>)
      resolve({
        exit: code ?? -1,
        stdout,
        stderr,
        json,
        says: decisionIn(json),
        text: textsIn(json),
      })
    })
  })
}

function decisionIn(json: Readonly<Record<string, unknown>> | null): unknown {
  const specific = (json?.['hookSpecificOutput'] ?? {}) as Readonly<Record<string, unknown>>
  return specific['permissionDecision'] ?? json?.['permission'] ?? json?.['decision'] ?? null
}

function textsIn(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  return Object.values(value).map(textsIn).join('\n')
}
