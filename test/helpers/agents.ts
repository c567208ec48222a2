// Agents at the doors that they really use: the command line as a process for each call, and MCP through `skein mcp` with the
// clients of both SDKs. All answer alike, so that one scenario can be played at every door.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  Client as ModernClient,
  StreamableHTTPClientTransport,
  type ClientOptions,
} from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { exitOfResult, type OperationName, type OperationResult } from '../../protocol/index.ts'
import { createClient } from './api.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { PROGRAM } from './daemon.ts'

/** What a call came to; `code` is that of an error, whose result is null. */
export interface Told<Name extends OperationName> {
  readonly exit: number
  readonly code: string | null
  readonly data: unknown
  readonly result: OperationResult<Name> | null
}

/** A call under way; `leave` makes its caller go away without a word. */
export interface Call<Name extends OperationName> {
  readonly told: Promise<Told<Name>>
  leave(): void
}

export type SymbolsByFile = Readonly<Record<string, readonly string[]>>

export interface Asking {
  readonly symbols?: SymbolsByFile
  readonly narrowable?: boolean
  readonly wait?: number
  readonly urgency?: string
}

export interface TaskAsking {
  readonly wait?: number
  readonly branch?: string
  readonly token?: string
  readonly again?: boolean
}

export type Decision = 'approve' | 'deny' | 'narrow' | 'coexist'

export interface Agent {
  readonly name: string
  readonly session: string
  claim(patterns: readonly string[], asking?: Asking): Call<'claim'>
  narrow(claim: string, kept: string | SymbolsByFile): Promise<Told<'narrow'>>
  release(claim: string): Promise<Told<'release'>>
  releaseAll(): Promise<Told<'release'>>
  cancel(place: string): Promise<Told<'cancel'>>
  /** Its own places in the queue. */
  places(): Promise<Told<'queue'>>
  request(claim: string, scope: string | null, wait?: number): Promise<Told<'request'>>
  respond(
    request: string,
    decision: Decision,
    what?: string | SymbolsByFile,
  ): Promise<Told<'respond'>>
  inbox(): Promise<Told<'inbox'>>
  verify(): Promise<Told<'verify'>>
  why(subject: string): Promise<Told<'why'>>
  awaitRequest(request: string, seconds: number): Promise<Told<'requests'>>
  tasks(): Promise<Told<'task/list'>>
  claimTask(task: string, asking?: TaskAsking): Promise<Told<'task/claim'>>
  completeTask(task: string, branch?: string): Promise<Told<'task/complete'>>
}

export interface Where {
  readonly home: string
  readonly cwd: string
}

export interface Door {
  readonly name: string
  /** Somebody new, with a name and a session of its own. */
  enter(cleaner: Cleaner, where: Where, name: string): Promise<Agent>
}

export const DOORS: readonly Door[] = [
  {
    name: 'the command line',
    enter: (_cleaner, where, name) => Promise.resolve(commandLine(where, name)),
  },
  {
    name: 'MCP with the v1 SDK',
    enter: (cleaner, where, name) => mcp(cleaner, where, name, enterOld),
  },
  {
    name: 'MCP with the v2 SDK',
    enter: (cleaner, where, name) => mcp(cleaner, where, name, enterModern),
  },
  {
    name: 'MCP over HTTP in the 2025 era',
    enter: (cleaner, where, name) => mcp(cleaner, where, name, enterHttp({})),
  },
  {
    name: 'MCP over HTTP in the 2026 era',
    enter: (cleaner, where, name) =>
      mcp(cleaner, where, name, enterHttp({ versionNegotiation: { mode: 'auto' } })),
  },
]

let sessions = 0

function environment({ home }: Where, agent: string, session: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    SKEIN_HOME: home,
    SKEIN_AGENT: agent,
    SKEIN_SESSION: session,
    SKEIN_NO_START: '1',
  }
}

function commandLine(where: Where, name: string): Agent {
  const session = `s${String(sessions++)}-${name}`
  const env = environment(where, name, session)
  const start = <Name extends OperationName>(words: readonly string[]): Call<Name> => {
    const child = spawn(process.execPath, [PROGRAM, ...words, '--json'], { cwd: where.cwd, env })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
    child.stdin.end()
    const told = new Promise<Told<Name>>((resolve) => {
      child.once('close', (exit) => {
        resolve(read(exit ?? 130, stdout))
      })
    })
    const leave = (): void => {
      child.kill('SIGKILL')
    }
    return { told, leave }
  }
  const run = <Name extends OperationName>(...words: string[]): Promise<Told<Name>> =>
    start<Name>(words).told
  return {
    name,
    session,
    claim: (patterns, { wait, urgency, symbols, narrowable } = {}) =>
      start([
        'claim',
        ...patterns,
        ...symbolWords(symbols),
        ...(narrowable === false ? ['--no-narrow'] : []),
        ...(wait === undefined ? [] : ['--wait', `${String(wait)}s`]),
        ...(urgency === undefined ? [] : ['--urgency', urgency]),
      ]),
    narrow: (claim, kept) => run('narrow', claim, ...wordsOf(kept)),
    release: (claim) => run('release', claim),
    releaseAll: () => run('release', '--mine'),
    cancel: (place) => run('cancel', place),
    places: () => run('queue', '--mine'),
    request: (claim, scope, wait = 0) =>
      run(
        ...['request', claim, '--reason', 'needed', '--wait', `${String(wait)}s`],
        ...(scope === null ? [] : ['--scope', scope]),
      ),
    respond: (request, decision, what) =>
      run('respond', request, decision, ...(what === undefined ? [] : wordsOf(what))),
    inbox: () => run('inbox'),
    verify: () => run('verify'),
    why: (subject) => run('why', subject),
    awaitRequest: (request, seconds) => run('requests', request, '--wait', `${String(seconds)}s`),
    tasks: () => run('task', 'list'),
    claimTask: (task, { wait, branch, token, again } = {}) =>
      run(
        ...['task', 'claim', task],
        ...(wait === undefined ? [] : ['--wait', `${String(wait)}s`]),
        ...(branch === undefined ? [] : ['--branch', branch]),
        ...(token === undefined ? [] : ['--token', token]),
        ...(again === true ? ['--again'] : []),
      ),
    completeTask: (task, branch) =>
      run('task', 'complete', task, ...(branch === undefined ? [] : ['--branch', branch])),
  }
}

function symbolWords(symbols: SymbolsByFile = {}): string[] {
  return Object.entries(symbols).flatMap(([file, names]) =>
    names.flatMap((name) => ['--symbol', `${file}:${name}`]),
  )
}

function wordsOf(what: string | SymbolsByFile): string[] {
  return typeof what === 'string' ? [what] : symbolWords(what)
}

function read<Name extends OperationName>(exit: number, stdout: string): Told<Name> {
  if (stdout === '') return { exit, code: null, data: null, result: null }
  const value: unknown = JSON.parse(stdout)
  if (typeof value === 'object' && value !== null && 'error' in value) {
    const { code, data } = value.error as { code: string; data?: unknown }
    return { exit, code, data: data ?? null, result: null }
  }
  return { exit, code: null, data: null, result: value as OperationResult<Name> }
}

interface ToolAnswer {
  readonly isError?: boolean
  readonly structuredContent?: unknown
  readonly _meta?: Readonly<Record<string, unknown>>
}

type CallTool = (
  name: string,
  args: Record<string, unknown>,
  signal: AbortSignal,
) => Promise<ToolAnswer>

type Enter = (server: {
  command: string
  args: string[]
  cwd: string
  env: Record<string, string>
}) => Promise<{ call: CallTool; close: () => Promise<void> }>

const INFO = { name: 'test', version: '1' }

const enterOld: Enter = async (server) => {
  const client = new OldClient(INFO)
  await client.connect(new OldStdio(server))
  // What is listed is held against the output schemas.
  await client.listTools()
  return {
    call: async (name, args, signal) =>
      (await client.callTool({ name, arguments: args }, undefined, { signal })) as ToolAnswer,
    close: () => client.close(),
  }
}

const enterModern: Enter = async (server) => {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new ModernStdio(server))
  await client.listTools()
  return {
    call: async (name, args, signal) =>
      (await client.callTool({ name, arguments: args }, { signal })) as ToolAnswer,
    close: () => client.close(),
  }
}

/** Its address and token are found where a person finds them; who calls is told in headers. */
function enterHttp(options: ClientOptions): Enter {
  return async ({ env, cwd }) => {
    const { SKEIN_HOME: home = '', SKEIN_AGENT: agent = '', SKEIN_SESSION: session = '' } = env
    const daemon = createClient({ socket: path.join(home, 'api.sock') })
    // Over HTTP no path is told: a checkout is enrolled by whoever is in it.
    await daemon.must('claims', { cwd })
    const { http, repos } = await daemon.must('status', {})
    daemon.close()
    const token = readFileSync(path.join(home, 'token'), 'utf8').trim()
    const headers = {
      authorization: `Bearer ${token}`,
      'skein-agent': agent,
      'skein-session': session,
      'skein-repo': repos[0]?.id ?? '',
    }
    const client = new ModernClient(INFO, options)
    const url = new URL(`${http ?? ''}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
    await client.listTools()
    return {
      call: async (name, args, signal) =>
        (await client.callTool({ name, arguments: args }, { signal })) as ToolAnswer,
      close: () => client.close(),
    }
  }
}

async function mcp(cleaner: Cleaner, where: Where, name: string, enter: Enter): Promise<Agent> {
  const session = `s${String(sessions++)}-${name}`
  const { call, close } = await enter({
    command: process.execPath,
    args: [PROGRAM, 'mcp'],
    cwd: where.cwd,
    env: environment(where, name, session),
  })
  onCleanup(cleaner, close)
  const start = <Name extends OperationName>(
    operation: Name,
    tool: string,
    args: Record<string, unknown>,
  ): Call<Name> => {
    const gone = new AbortController()
    const told = call(tool, args, gone.signal).then(
      (answer) => readAnswer(operation, answer),
      (error: unknown) => {
        if (gone.signal.aborted) return { exit: 130, code: null, data: null, result: null }
        throw error
      },
    )
    const leave = (): void => {
      gone.abort()
    }
    return { told, leave }
  }
  return {
    name,
    session,
    claim: (patterns, { wait, urgency, symbols, narrowable } = {}) =>
      start('claim', 'claim_files', {
        patterns: [...patterns],
        ...(symbols === undefined ? {} : { symbols }),
        ...(narrowable === undefined ? {} : { narrowable }),
        ...(wait === undefined ? {} : { wait_seconds: wait }),
        ...(urgency === undefined ? {} : { urgency }),
      }),
    narrow: (claim, kept) =>
      start('narrow', 'narrow_claim', {
        claim_id: claim,
        ...(typeof kept === 'string' ? { patterns: [kept] } : { symbols: kept }),
      }).told,
    release: (claim) => start('release', 'release_claims', { claim_ids: [claim] }).told,
    releaseAll: () => start('release', 'release_session', {}).told,
    cancel: (place) => start('cancel', 'cancel_queue_request', { queue_id: place }).told,
    places: () => start('queue', 'my_requests', { queued: true }).told,
    request: (claim, scope, wait = 0) =>
      start('request', 'request_release', {
        claim_id: claim,
        reason: 'needed',
        wait_seconds: wait,
        ...(scope === null ? {} : { requested_scope: scope }),
      }).told,
    respond: (request, decision, what) =>
      start('respond', 'respond_to_request', {
        request_id: request,
        decision,
        ...(decision === 'narrow' ? companion('narrowed', what) : {}),
        ...(decision === 'coexist' ? companion('coexist', what) : {}),
      }).told,
    inbox: () => start('inbox', 'pending_requests', {}).told,
    verify: () => start('verify', 'verify_claims', {}).told,
    why: (subject) => start('why', 'why', { pattern: subject }).told,
    awaitRequest: (request, seconds) =>
      start('requests', 'wait_for_request', { request_id: request, timeout: seconds }).told,
    tasks: () => start('task/list', 'list_tasks', { limit: 1_000 }).told,
    claimTask: (task, { wait, ...rest } = {}) =>
      start('task/claim', 'claim_task', {
        task_id: task,
        ...rest,
        ...(wait === undefined ? {} : { wait_seconds: wait }),
      }).told,
    completeTask: (task, branch) =>
      start('task/complete', 'complete_task', {
        task_id: task,
        ...(branch === undefined ? {} : { branch }),
      }).told,
  }
}

function companion(decision: string, what: string | SymbolsByFile | undefined): object {
  return { [`${decision}_${typeof what === 'string' ? 'pattern' : 'symbols'}`]: what }
}

function readAnswer<Name extends OperationName>(operation: Name, answer: ToolAnswer): Told<Name> {
  if (answer.isError === true) {
    const error = answer._meta?.['skein/error'] as { code: string; exit: number; data?: unknown }
    return { exit: error.exit, code: error.code, data: error.data ?? null, result: null }
  }
  const result = answer.structuredContent as OperationResult<Name>
  return { exit: exitOfResult(operation, result), code: null, data: null, result }
}
