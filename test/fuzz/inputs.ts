// What true callers say at each door: where the fuzzing begins.
import { OPERATION_NAMES } from '../../protocol/index.ts'

const CLAIM = `clm_${'0'.repeat(26)}`
const QUEUE = `que_${'0'.repeat(26)}`
const REQUEST = `req_${'0'.repeat(26)}`

/** Inputs of operations by name; the others begin with the caller's fields alone. */
const BODIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  claim: {
    scopes: [
      { kind: 'file', pattern: 'src/**/*.ts', mode: 'exclusive' },
      { kind: 'symbol', pattern: 'src/a.ts', symbols: ['A::b'] },
    ],
    description: 'fuzz',
    ttl_s: 60,
    wait_s: 0,
    urgency: 'high',
    idempotency_key: 'k',
  },
  check: { scopes: [{ kind: 'file', pattern: '{a,b}/[c-e]*/**' }] },
  cancel: { ids: [QUEUE] },
  request: { claim: CLAIM, reason: 'please', scope: 'a/*', urgency: 'low', wait_s: 0 },
  respond: {
    request: REQUEST,
    decision: 'narrow',
    patterns: ['a'],
    symbols: { 'a.ts': ['A'] },
    note: 'n',
  },
  requests: { ids: [REQUEST], mine: true },
  claims: { mine: true, of_agent: 'x', recent: true, limit: 10 },
  renew: { ids: [CLAIM], ttl_s: 60 },
  narrow: { id: CLAIM, patterns: ['a'], symbols: { 'src/a.ts': ['A'] } },
  release: { ids: [CLAIM], mine: true, reason: 'r' },
  verify: { ids: [CLAIM], fences: { [CLAIM]: 1 } },
  why: { pattern: 'src/a.ts:A::b', limit: 5 },
  events: { since: '1h', until: '1m', kinds: ['claim.*'], about: CLAIM, limit: 5 },
  'audit/export': { since: '1h', limit: 5 },
  'task/list': { plan: 'work', free: true, limit: 5 },
  'task/claim': { task: 'fix', token: 't', again: true, ttl_s: 60 },
  'task/complete': { task: 'fix', note: 'n' },
  'task/expire': { task: 'fix', yes: true },
  recover: { accept_loss: false },
}

export interface HttpInput {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function httpInputs(repo: string): readonly HttpInput[] {
  const caller = { repo, agent: 'fuzzer', session: 's' }
  const engineer = { engineer: 'fuzzer', repo, session_id: 's' }
  return [
    ...OPERATION_NAMES.map((name) => ({
      method: 'POST',
      path: `/v1/${name}`,
      body: { ...caller, ...BODIES[name] },
    })),
    {
      method: 'POST',
      path: '/claims',
      body: {
        ...engineer,
        claims: [{ type: 'file', pattern: 'a/**', symbols: ['A'] }],
        ttl_hours: 1,
        wait_seconds: 0,
      },
    },
    {
      method: 'GET',
      path: `/claims?repo=${repo}&engineer=x&module=y&active_only=false`,
      body: null,
    },
    { method: 'POST', path: '/claims/release', body: { ...engineer, claim_ids: [CLAIM] } },
    { method: 'DELETE', path: `/claims/${CLAIM}?engineer=x`, body: null },
    { method: 'POST', path: `/claims/${CLAIM}/extend`, body: { ...engineer, ttl_hours: 2 } },
    { method: 'GET', path: `/conflicts?repo=${repo}&engineer=x&pattern=a&pattern=b/*`, body: null },
    { method: 'POST', path: '/conflicts/batch', body: { ...engineer, patterns: ['a', 'b/**'] } },
    { method: 'POST', path: `/sessions/s/release`, body: engineer },
    { method: 'GET', path: `/sessions/s/pending_requests?repo=${repo}`, body: null },
    {
      method: 'POST',
      path: '/requests',
      body: { ...engineer, claim_id: CLAIM, requester: 'x', reason: 'r', wait_seconds: 0 },
    },
    {
      method: 'POST',
      path: `/requests/${REQUEST}/respond`,
      body: { ...engineer, decision: 'narrowed', narrowed_pattern: 'a' },
    },
    { method: 'GET', path: `/requests?repo=${repo}&queued=true`, body: null },
    { method: 'GET', path: `/metrics/auto-resolutions?days=3&repo=${repo}`, body: null },
    { method: 'GET', path: '/repos', body: null },
    { method: 'GET', path: '/openapi.json', body: null },
    { method: 'GET', path: '/metrics', body: null },
  ]
}

/** Messages of the Model Context Protocol, in both eras. */
export function mcpInputs(
  tools: readonly { readonly name: string; readonly args: unknown }[],
): readonly unknown[] {
  const call = (method: string, params: unknown) => ({ jsonrpc: '2.0', id: 1, method, params })
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'fuzzer', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const initialize = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'fuzzer', version: '1' },
  }
  return [
    call('initialize', initialize),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    call('ping', {}),
    call('server/discover', { _meta: meta }),
    call('tools/list', { _meta: meta }),
    call('resources/list', {}),
    call('resources/read', { uri: 'skein://board' }),
    call('resources/subscribe', { uri: 'skein://claims/test/fuzz' }),
    call('resources/unsubscribe', { uri: 'skein://claims/test/fuzz' }),
    call('prompts/list', {}),
    call('completion/complete', {
      ref: { type: 'ref/resource', uri: 'skein://claims/{repo}' },
      argument: { name: 'repo', value: 't' },
    }),
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
    ...tools.flatMap(({ name, args }) => [
      call('tools/call', { name, arguments: args }),
      call('tools/call', { name, arguments: args, _meta: meta }),
    ]),
  ]
}

export const TOOL_ARGUMENTS: Readonly<Record<string, unknown>> = {
  claim_files: {
    patterns: ['src/a.ts'],
    symbols: { 'src/a.ts': ['A'] },
    repo: 'test/fuzz',
    ttl_hours: 1,
  },
  check_conflicts: { files: ['src/**'], repo: 'test/fuzz' },
  release_claims: { claim_ids: [CLAIM], repo: 'test/fuzz' },
  why: { path: 'src/a.ts', repo: 'test/fuzz' },
}

export const GREETING = {
  skein: 1,
  cwd: '/tmp',
  agent: 'fuzzer',
  session: 's',
  harness: 'fuzz',
  user: 'u',
  pid: 12,
  started: '123',
}

export const COMMAND_LINES: readonly (readonly string[])[] = [
  ['claim', 'src/a.ts', '--ttl', '5m', '--description', 'x', '--shared', '--wait', '0s'],
  ['claim', '--symbol', 'src/a.ts:A::b', '--resource', 'port', '--urgency', 'high'],
  ['check', '{a,b}/**', '--json'],
  ['claims', '--mine', '--recent', '--limit', '3'],
  ['renew', CLAIM, '--ttl', '1h'],
  ['narrow', CLAIM, 'a.ts'],
  ['release', CLAIM, '--force', '--reason', 'x'],
  ['release', '--mine', '--of-session', 's'],
  ['verify', CLAIM],
  ['why', 'src/a.ts:A', '--limit', '2'],
  ['events', '--since', '1h', '--kind', 'claim.*', '--about', CLAIM],
  ['audit', 'verify'],
  ['audit', 'export', '--since', '1m'],
  ['request', CLAIM, '--reason', 'x', '--scope', 'a'],
  ['respond', REQUEST, 'narrow', 'a.ts'],
  ['inbox'],
  ['requests', '--mine'],
  ['queue', '--mine'],
  ['cancel', QUEUE],
  ['task', 'list', '--free'],
  ['task', 'claim', 'fix'],
  ['status', '--json'],
  ['config'],
  ['help', 'claim'],
  ['metrics'],
]
