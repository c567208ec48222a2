// Twins for the MCP tests: operations that answer from a script, and the daemon's socket in a temporary folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { CallContext, Operations } from '../../../daemon/client/operations.ts'
import type { McpOptions } from '../../../mcp/client.ts'
import { serveMcp, type McpConnection } from '../../../mcp/server.ts'
import {
  asRepoId,
  type AuditEvent,
  type EventKind,
  type OperationName,
  type OperationResult,
} from '../../../protocol/index.ts'

export type Claim = OperationResult<'claims'>['claims'][number]

export const REPO = 'team/project'
const WORKER_ID = 'asg_01JBBBBBBBBBBBBBBBBBBBBBBB'
export const CLAIM_ID = 'clm_01KAK2M0000000000000000000'
export const QUEUE_ID = 'que_01KAK2M0000000000000000000'
export const REQUEST_ID = 'req_01KAK2M0000000000000000000'

export function sampleClaim(changes: Partial<Claim> = {}): Claim {
  return {
    id: CLAIM_ID,
    repo: 'team/project',
    agent: 'alice/claude/main',
    session: 'session-1',
    machine: 'laptop-9f3a',
    branch: 'rework-login',
    description: 'rework the login form',
    kind: 'file',
    pattern: 'src/auth/**',
    symbols: [],
    mode: 'exclusive',
    narrowable: true,
    fence: 4_294_967_301,
    state: 'active',
    granted_at: '2026-11-21T14:00:00.123Z',
    expires_at: '2026-11-21T18:00:00.123Z',
    last_activity: '2026-11-21T14:00:00.123Z',
    coexists_with: [],
    narrowed_by: [],
    except: [],
    ...changes,
  }
}

export function sampleConflict(
  changes: Partial<Claim> = {},
  your_pattern = 'src/auth/login.ts',
): OperationResult<'claim'>['conflicts'][number] {
  return {
    your_pattern,
    your_symbols: [],
    claim: sampleClaim({ agent: 'bob/codex/fix', ...changes }),
    overlap: ['src/auth/login.ts'],
    symbol_overlap: [],
    lock_delay_s: null,
  }
}

export function granted(...claims: readonly Claim[]): OperationResult<'claim'> {
  return {
    status: 'granted',
    claims: [...claims],
    conflicts: [],
    more_conflicts: 0,
    waiters: [],
    beside: [],
    queue: null,
    warnings: [],
    options: [],
  }
}

export function refused(
  conflicts: OperationResult<'claim'>['conflicts'],
  more_conflicts = 0,
): OperationResult<'claim'> {
  return { ...granted(), status: 'refused', conflicts, more_conflicts }
}

type Place = NonNullable<OperationResult<'claim'>['queue']>
type RequestJson = OperationResult<'request'>['request']

export function samplePlace(changes: Partial<Place> = {}): Place {
  const waiter = {
    id: QUEUE_ID,
    agent: 'alice/claude/main',
    session: 'session-1',
    machine: 'laptop-9f3a',
    patterns: ['src/auth/login.ts'],
    scopes: [
      {
        kind: 'file' as const,
        pattern: 'src/auth/login.ts',
        symbols: [],
        mode: 'exclusive' as const,
      },
    ],
    urgency: 'normal',
    description: 'rework the login form',
    joined_at: '2026-11-21T14:00:00.123Z',
    expires_at: '2026-11-21T14:10:00.123Z',
  }
  const ahead = [{ ...waiter, agent: 'carol', session: 'session-2' }]
  return { ...waiter, position: 2, ahead, ended: null, ...changes }
}

export function sampleRequest(changes: Partial<RequestJson> = {}): RequestJson {
  return {
    id: REQUEST_ID,
    claim: CLAIM_ID,
    pattern: 'src/auth/**',
    holder: 'bob/codex/fix',
    holder_session: 'session-2',
    requester: 'alice/claude/main',
    requester_session: 'session-1',
    reason: 'a hotfix waits',
    urgency: 'high',
    scope: 'src/auth/login.ts',
    filed_at: '2026-11-21T14:00:00.123Z',
    answer_by: '2026-11-21T14:05:00.123Z',
    decision: 'pending',
    note: '',
    ended_at: null,
    granted: [],
    ...changes,
  }
}

const TASK = {
  id: 'fix-login',
  name: 'Fix the login',
  plan: 'context/a.json',
  status: 'pending',
  priority: 'high',
  blocked_by: [],
} as const

type TaskJson = OperationResult<'task/list'>['tasks'][number]

export function sampleTask(changes: Partial<TaskJson> = {}): TaskJson {
  return { ...TASK, state: 'free', waits_for: [], claim: null, ...changes }
}

export function sampleOver(): OperationResult<'task/complete'>['completed'] {
  return {
    task: 'old-task',
    plan: 'context/a.json',
    agent: 'bob/codex/fix',
    session: 'session-2',
    machine: 'laptop-9f3a',
    branch: 'old-task',
    reason: 'client_completed',
    by: 'bob/codex/fix',
    note: '',
    at: '2026-11-21T14:00:00.123Z',
  }
}

export function sampleRepo(id: string): OperationResult<'status'>['repos'][number] {
  return {
    id,
    role: 'leader',
    leader: 'laptop-9f3a',
    term: 3,
    commit_index: 41,
    voters: ['laptop-9f3a'],
    claims: 1,
    narrowed: 0,
    queued: 1,
    quorum: true,
    problem: null,
    checkouts: ['/src/app'],
    workers: { running: 0, waiting: 0, failed: 0, unlanded: 0 },
  }
}

const AS_OF = { term: 3, index: 41, age_ms: 12 }

export const RESULTS: Readonly<Partial<Record<OperationName, unknown>>> = {
  'report-status': { id: WORKER_ID, state: 'running', stopping: false },
  ask: { id: WORKER_ID, answered: true, answer: 'the first', by: 'ann', stopping: false },
  'submit-verdict': {
    id: WORKER_ID,
    verdict: {
      ...{ kind: 'review', outcome: 'pass', commit: 'c'.repeat(40), stale: false },
      ...{ by: 'bob', machine: 'm', from: WORKER_ID, note: '', at: '2026-01-01T00:00:00.000Z' },
    },
    already: false,
  },
  claim: granted(sampleClaim()),
  refactor: {
    ...granted(sampleClaim()),
    found_by: 'names',
    server: null,
    uses: 3,
    files: [{ file: 'src/a.ts', uses: 3, symbols: ['start'], whole: null }],
    notes: [],
  },
  check: {
    safe: true,
    conflicts: [],
    more_conflicts: 0,
    waiters: [],
    beside: [],
    warnings: [],
    would: 'grant',
    as_of: AS_OF,
  },
  queue: { entries: [{ ...samplePlace(), blocked_by: [] }], as_of: AS_OF },
  cancel: { cancelled: [QUEUE_ID] },
  request: { request: sampleRequest(), waited_out: false },
  respond: { request: sampleRequest({ decision: 'approved' }), late: false },
  inbox: {
    requests: [sampleRequest()],
    narrowed: [
      { claim: CLAIM_ID, pattern: 'src/auth/**', by: [sampleClaim({ symbols: ['Login::show'] })] },
    ],
    waiting: [samplePlace()],
    notices: [],
  },
  requests: { requests: [sampleRequest()], waited_out: false },
  claims: { claims: [sampleClaim()], more: 0, recent: [], as_of: AS_OF },
  renew: { claims: [sampleClaim()] },
  narrow: { claims: [sampleClaim({ pattern: 'src/auth/login.ts' })] },
  release: { state: 'released', released: [sampleClaim({ state: 'released' })], already: [] },
  verify: {
    ok: true,
    claims: [{ id: CLAIM_ID, fence: 4_294_967_301, live: true, except: [] }],
    leader: 'laptop-9f3a',
    term: 3,
    commit_index: 41,
    as_of: '2026-11-21T14:00:01.000Z',
  },
  'task/list': {
    plans: [{ file: 'context/a.json', name: 'Login', last_updated: null, tasks: 1, active: true }],
    tasks: [sampleTask()],
    more: 0,
    active: [],
    recent: [sampleOver()],
    problems: [],
    token: 'f00d',
    as_of: AS_OF,
  },
  'task/claim': {
    ...granted(sampleClaim({ kind: 'task', pattern: 'fix-login' })),
    task: { ...TASK, token: 'f00d' },
  },
  'task/complete': { completed: sampleOver(), already: false, warnings: [] },
  status: {
    version: '0.0.0',
    ready: true,
    machine: 'laptop-9f3a',
    peer_id: 'peer',
    pid: 1,
    home: '/home/ann/.skein',
    http: null,
    started_at: '2026-11-21T14:00:00.123Z',
    mesh: { id: 'mesh_1', members: 1, online: 1 },
    repos: [sampleRepo(REPO)],
  },
  why: { holders: [sampleClaim()], events: [], more: false, summary: ['alice was granted it'] },
}

export interface Call {
  readonly name: OperationName
  readonly input: unknown
  readonly context: CallContext
}

type Behaviour = (call: Call) => unknown

/** Remembers its calls and answers from the samples, or as the test says. */
export class FakeOperations implements Operations {
  readonly calls: Call[] = []
  answer: Behaviour = ({ name }) => RESULTS[name]

  readonly listeners = new Set<(event: AuditEvent) => void>()

  watch(listener: (event: AuditEvent) => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** What a ledger tells those who watch. */
  tell(kind: EventKind, data: Readonly<Record<string, unknown>> = {}, repo = REPO): void {
    const at = '2026-11-21T14:00:00.123Z'
    const who = { actor: 'alice', machine: 'laptop-9f3a', prev: '', hash: '' }
    const event = { id: 'evt_1', repo: asRepoId(repo), kind, at, term: 3, index: 41, data, ...who }
    for (const listener of this.listeners) listener(event)
  }

  async call(name: OperationName, input: unknown, context: CallContext): Promise<unknown> {
    const call = { name, input, context }
    this.calls.push(call)
    return await this.answer(call)
  }

  follow(): Promise<never> {
    return Promise.reject(new Error('no tool follows events'))
  }

  get last(): Call {
    const call = this.calls.at(-1)
    if (call === undefined) throw new Error('no operation was called')
    return call
  }
}

export interface Daemon {
  readonly path: string
  readonly operations: FakeOperations
  readonly connections: McpConnection[]
  readonly errors: Error[]
  /** Ends all connections and stops listening. */
  stop(): Promise<void>
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'skein-mcp-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function listen(
  t: TestContext,
  options: Partial<McpOptions> & { readonly at?: string } = {},
): Promise<Daemon> {
  const where = options.at ?? path.join(await temporaryFolder(t), 'mcp.sock')
  const operations = new FakeOperations()
  const connections: McpConnection[] = []
  const errors: Error[] = []
  const server = net.createServer((socket) => {
    const onError = (error: Error): void => void errors.push(error)
    connections.push(serveMcp(socket, operations, { version: '0.0.0', onError, ...options }))
  })
  await new Promise<void>((resolve) => server.listen(where, resolve))
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    await Promise.all(connections.map((connection) => connection.close()))
    await closed
  }
  t.after(stop)
  return { path: where, operations, connections, errors, stop }
}

export async function dial(t: TestContext, where: string): Promise<net.Socket> {
  const socket = net.connect(where)
  t.after(() => socket.destroy())
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** The next lines of a stream, as JSON. */
export async function* jsonLines(
  stream: AsyncIterable<unknown>,
): AsyncGenerator<JsonLine, undefined> {
  let held = ''
  for await (const chunk of stream) {
    held += String(chunk)
    const lines = held.split('\n')
    held = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as JsonLine
  }
  return undefined
}

export interface JsonLine {
  readonly id?: unknown
  readonly method?: string
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
}
export const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' }

export function toolCall(id: number | string, name: string, args: object = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }
}

export function asLine(message: object): string {
  return `${JSON.stringify(message)}\n`
}

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
}

/** Node 20 has no Promise.withResolvers. */
export function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => (resolve = settle))
  return {
    promise,
    resolve: (value) => {
      resolve(value)
    },
  }
}

/** Resolves when it is so: what makes it so is an event that this test cannot see. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** The next call, which then waits until its caller is gone. */
export function listenCall(operations: FakeOperations): Promise<Call> {
  return new Promise((resolve) => {
    operations.answer = async (call) => {
      resolve(call)
      await once(call.context.signal, 'abort')
      throw new Error('gone')
    }
  })
}
