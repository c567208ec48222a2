import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearest } from '../../../mcp/tool.ts'
import { TOOLS } from '../../../mcp/tools.ts'
import { INPUTS, OPERATIONS, OUTPUTS, SkeinError } from '../../../protocol/index.ts'
import { CLAIM_ID, QUEUE_ID, REQUEST_ID, RESULTS, sampleClaim, sampleRequest } from './twins.ts'

function toolNamed(name: string) {
  const tool = TOOLS.find((each) => each.name === name)
  assert.ok(tool !== undefined, name)
  return tool
}

const inputOf = (name: string, args: object, session?: string): unknown =>
  toolNamed(name).toInput(args, session)

describe('the tools', () => {
  it('are the operations of the table that agents may call, two that coord has beside them, and the board', () => {
    const named = Object.values(OPERATIONS).flatMap(({ tool }) => tool ?? [])
    const others = ['release_session', 'wait_for_request', 'board']
    assert.deepEqual(new Set(TOOLS.map(({ name }) => name)), new Set([...named, ...others]))
    for (const { name, operation } of TOOLS)
      if (!others.includes(name)) assert.equal(OPERATIONS[operation].tool, name)
  })

  it('show schemas with names and types only', () => {
    const { outputSchema, inputSchema } = toolNamed('verify_claims')
    assert.deepEqual(outputSchema, {
      type: 'object',
      properties: {
        ok: { type: 'boolean' },
        claims: { type: 'array' },
        leader: { type: ['string', 'null'] },
        term: { type: 'integer' },
        commit_index: { type: 'integer' },
        as_of: { type: 'string' },
      },
    })
    assert.doesNotMatch(JSON.stringify(inputSchema), /maxLength|additionalProperties|\$schema/)
  })

  it('all take repo and session', () => {
    for (const tool of TOOLS) {
      const { name } = tool
      const args = { ...NEEDED[name], repo: 'team/project', session: 's-1' }
      const input = tool.toInput(args, 'weaker')
      assert.equal(input['repo'], 'team/project', name)
      assert.equal(input['session'], 's-1', name)
    }
  })

  it('make inputs that the operations take', () => {
    const all: readonly (readonly [tool: string, args: object])[] = [
      ['list_claims', { agent: 'bob', mine: true, all_repos: true, active_only: false, limit: 3 }],
      ['list_claims', { module: 'src' }],
      ['check_conflicts', { files: ['a', 'b/**'], engineer: 'bob' }],
      ['claim_files', { patterns: ['a'], shared_files: ['b'], modules: ['c'], resources: ['d'] }],
      ['claim_files', { files: ['a'], description: 'x', branch: 'b', narrowable: false }],
      ['claim_files', { patterns: ['a'], ttl_hours: 0.5, idempotency_key: 'k', engineer: 'bob' }],
      ['renew_claims', { claim_ids: [CLAIM_ID], ttl_hours: 240 }],
      ['renew_claims', {}],
      ['narrow_claim', { id: CLAIM_ID, patterns: ['a'] }],
      ['narrow_claim', { claim_id: CLAIM_ID, symbols: { 'a.ts': ['A::b'] } }],
      ['claim_files', { symbols: { 'a.ts': ['A::b', 'C'] } }],
      ['check_conflicts', { patterns: ['b.ts'], symbols: { 'a.ts': ['A'] } }],
      ['release_claims', { claim_ids: [CLAIM_ID], engineer: 'bob' }],
      ['release_session', {}],
      ['release_session', { session_id: 's-2' }],
      ['verify_claims', {}],
      ['why', { pattern: CLAIM_ID, limit: 5 }],
      ['claim_files', { patterns: ['a'], wait_seconds: 600, urgency: 'blocking' }],
      [
        'request_release',
        { claim_id: CLAIM_ID, reason: 'r', requested_scope: 'a', urgency: 'low' },
      ],
      ['request_release', { claim_id: CLAIM_ID, reason: 'r', wait_seconds: 0, engineer: 'bob' }],
      ['wait_for_request', { request_id: REQUEST_ID, timeout: 5 }],
      ['pending_requests', { session_id: 's-2' }],
      ['respond_to_request', { request_id: REQUEST_ID, decision: 'denied', note: 'soon' }],
      ['respond_to_request', { request_id: REQUEST_ID, decision: 'narrow', narrowed_pattern: 'a' }],
      [
        'respond_to_request',
        { request_id: REQUEST_ID, decision: 'coexist', coexist_symbols: { 'a.ts': ['A::b'] } },
      ],
      ['my_requests', {}],
      ['my_requests', { queued: true }],
      ['cancel_queue_request', { queue_id: QUEUE_ID, engineer: 'bob' }],
      ['claim_files', { patterns: ['a'], task: 'fix-login' }],
      ['list_tasks', { free: true, plan: 'a.json' }],
      ['claim_task', { task: 'fix-login', token: 'f0', again: true, wait_seconds: 5, branch: 'b' }],
      ['complete_task', { id: 'fix-login', note: 'done', engineer: 'bob' }],
      ['report_status', { status: 'a', confidence: 'low' }],
      ['ask', { question: 'a', timeout: 5 }],
      ['submit_verdict', { outcome: 'fail', blocking: ['a'], nits: ['b'], note: 'c' }],
    ]
    for (const [name, args] of all) {
      const operation = toolNamed(name).operationOf(args)
      const parsed = INPUTS[operation].safeParse(inputOf(name, args, 'codex-1'))
      assert.ok(parsed.success, `${name}: ${String(parsed.error)}`)
    }
  })

  it('shape each argument as the operation wants it', () => {
    assert.deepEqual(
      inputOf('claim_files', {
        patterns: ['a'],
        shared_files: ['b'],
        modules: ['c'],
        resources: ['d'],
        ttl_hours: 1.5,
        engineer: 'bob',
      }),
      {
        agent: 'bob',
        scopes: [
          { kind: 'file', pattern: 'a' },
          { kind: 'file', pattern: 'b', mode: 'shared' },
          { kind: 'module', pattern: 'c' },
          { kind: 'resource', pattern: 'd' },
        ],
        ttl_s: 5400,
      },
    )
    assert.deepEqual(
      inputOf('claim_files', {
        patterns: ['./a.ts', 'b.ts'],
        shared_files: ['c.ts'],
        symbols: { 'a.ts': ['A::b'], '/c.ts': ['C'] },
      }),
      {
        scopes: [
          { kind: 'file', pattern: 'b.ts' },
          { kind: 'symbol', pattern: 'a.ts', symbols: ['A::b'] },
          { kind: 'symbol', pattern: '/c.ts', symbols: ['C'], mode: 'shared' },
        ],
      },
    )
    const kept = { 'a.ts': ['A'] }
    const narrowed = { request_id: REQUEST_ID, decision: 'narrowed', narrowed_symbols: kept }
    assert.deepEqual(inputOf('respond_to_request', narrowed), {
      request: REQUEST_ID,
      decision: 'narrow',
      symbols: kept,
    })
    assert.deepEqual(inputOf('list_claims', { engineer: 'bob', active_only: false }), {
      of_agent: 'bob',
      recent: true,
      limit: 25,
    })
    assert.deepEqual(inputOf('release_session', {}), { this_session: true })
    assert.deepEqual(inputOf('claim_files', { files: ['a'], wait_seconds: 9, urgency: 'high' }), {
      scopes: [{ kind: 'file', pattern: 'a' }],
      wait_s: 9,
      urgency: 'high',
    })
    const asked = { claim_id: CLAIM_ID, reason: 'r', requested_scope: 'a' }
    assert.deepEqual(inputOf('request_release', asked), {
      claim: CLAIM_ID,
      reason: 'r',
      scope: 'a',
      wait_s: 60,
    })
    assert.deepEqual(inputOf('wait_for_request', { request_id: REQUEST_ID, timeout: 0 }), {
      ids: [REQUEST_ID],
      wait_s: 0,
    })
    const answer = { request_id: REQUEST_ID, decision: 'narrowed', narrowed_pattern: 'src/a' }
    assert.deepEqual(inputOf('respond_to_request', answer), {
      request: REQUEST_ID,
      decision: 'narrow',
      patterns: ['src/a'],
    })
    assert.deepEqual(inputOf('my_requests', { decision: 'denied' }), { mine: true })
    assert.deepEqual(inputOf('release_session', { session_id: 's' }), { of_session: 's' })
    assert.deepEqual(inputOf('renew_claims', {}, 'codex-1'), { session: 'codex-1' })
  })

  it('answer with the result as it is, and a text', () => {
    for (const tool of TOOLS) {
      const result = RESULTS[tool.operation]
      assert.ok(OUTPUTS[tool.operation].safeParse(result).success, tool.operation)
      const answer = tool.toAnswer(result, NEEDED[tool.name] ?? {})
      assert.deepEqual(answer.structuredContent, result)
      assert.equal(answer.content.length, 1)
    }
  })

  it('answer even with a result that the contract does not know', () => {
    const result = { status: 'granted', claims: 'all of them' }
    const answer = toolNamed('claim_files').toAnswer(result, { patterns: ['a'] })
    assert.equal(answer.isError, undefined)
    assert.deepEqual(answer.structuredContent, result)
  })

  it('stand for another operation where the arguments ask for it', () => {
    const tool = toolNamed('my_requests')
    assert.equal(tool.operationOf({}), 'requests')
    assert.equal(tool.operationOf({ queued: true }), 'queue')
    const answer = tool.toAnswer(RESULTS.queue, { queued: true })
    assert.deepEqual(answer.structuredContent, RESULTS.queue)
    const { properties } = tool.outputSchema as { properties: object }
    assert.deepEqual(Object.keys(properties), ['entries', 'as_of', 'requests', 'waited_out'])
  })

  it('filter requests by how they ended, open ones first of all', () => {
    const [open, denied] = [sampleRequest(), sampleRequest({ decision: 'denied' })]
    const list = (args: object): unknown =>
      toolNamed('my_requests').toAnswer({ requests: [open, denied], waited_out: false }, args)
        .structuredContent
    assert.deepEqual(list({}), { requests: [open], waited_out: false })
    assert.deepEqual(list({ decision: 'denied' }), { requests: [denied], waited_out: false })
    assert.deepEqual(list({ decision: 'all' }), {
      requests: [open, denied],
      waited_out: false,
    })
  })

  it('filter a list by a part of the pattern, as coord does', () => {
    const claims = [
      sampleClaim(),
      sampleClaim({ pattern: 'docs' }),
      sampleClaim({ pattern: 'src/a' }),
    ]
    const result = { ...(RESULTS.claims as object), claims }
    const listed = toolNamed('list_claims').toAnswer(result, { module: 'src', limit: 1 })
    assert.deepEqual(listed.structuredContent, { ...result, claims: [claims[0]], more: 1 })
  })
})

/** What each tool cannot be called without. */
const NEEDED: Readonly<Record<string, object>> = {
  claim_files: { patterns: ['a'] },
  check_conflicts: { patterns: ['a'] },
  narrow_claim: { claim_id: CLAIM_ID, patterns: ['a'] },
  release_claims: { claim_ids: [CLAIM_ID] },
  why: { pattern: 'a' },
  claim_refactor: { file: 'a.ts', symbol: 'b' },
  request_release: { claim_id: CLAIM_ID, reason: 'r' },
  wait_for_request: { request_id: REQUEST_ID },
  respond_to_request: { request_id: REQUEST_ID, decision: 'approved' },
  cancel_queue_request: { queue_id: QUEUE_ID },
  claim_task: { task_id: 'fix-login' },
  complete_task: { task_id: 'fix-login' },
  report_status: { text: 'a' },
  ask: { question: 'a' },
  submit_verdict: { outcome: 'pass' },
}

describe('wrong arguments', () => {
  const rows: readonly (readonly [tool: string, args: unknown, says: RegExp])[] = [
    [
      'claim_files',
      { pattern: ['a'] },
      /no argument "pattern"\. Did you mean `patterns`\? It takes/,
    ],
    ['claim_files', { 'x\n"y': 1 }, /no argument "x 'y"\. It takes patterns/],
    ['claim_files', { symbols: { 'a.ts': [] } }, /`symbols\.a\.ts`/],
    ['claim_files', { patterns: ['a'], wait_seconds: 601 }, /`wait_seconds`/],
    ['claim_files', { patterns: ['a'], urgency: 'asap' }, /`urgency`/],
    ['request_release', { claim_id: CLAIM_ID }, /`reason`/],
    ['respond_to_request', { request_id: 'x', decision: 'yes' }, /`decision`/],
    [
      'respond_to_request',
      { request_id: 'x', decision: 'narrowed' },
      /`narrowed_pattern` or `narrowed_symbols` goes with decision "narrowed"/,
    ],
    [
      'respond_to_request',
      { request_id: 'x', decision: 'approved', narrowed_pattern: 'a' },
      /`narrowed_pattern` or `narrowed_symbols` goes with/,
    ],
    [
      'respond_to_request',
      { request_id: 'x', decision: 'coexist' },
      /`coexist_pattern` or `coexist_symbols` go with/,
    ],
    ['my_requests', { queue: true }, /Did you mean `queued`/],
    ['claim_files', {}, /Nothing is named: pass `patterns`/],
    ['claim_files', { patterns: 'a' }, /^claim_files: `patterns`: .*array/],
    ['claim_files', { patterns: ['a'], ttl_hours: 0 }, /`ttl_hours`/],
    ['claim_files', { patterns: ['a'], ttl_hours: 241 }, /`ttl_hours`/],
    [
      'claim_files',
      { patterns: ['a'], agent: 'x', engineer: 'y' },
      /two different values of `agent`/,
    ],
    ['claim_files', ['a'], /one object of arguments/],
    ['narrow_claim', { patterns: ['a'] }, /`claim_id`/],
    ['release_claims', {}, /`claim_ids`/],
    ['why', { toString: 'x' }, /no argument "toString"|`pattern`/],
  ]
  for (const [tool, args, says] of rows) {
    it(`of ${tool} are refused in words: ${says.source}`, () => {
      assert.throws(
        () => inputOf(tool, args as object),
        (error) => {
          assert.ok(error instanceof SkeinError)
          assert.equal(error.code, 'INPUT_SCHEMA')
          assert.match(error.message, says)
          return true
        },
      )
    })
  }

  it('are compared with the names that there are', () => {
    assert.equal(nearest('file_patterns', ['patterns', 'repo']), 'patterns')
    assert.equal(nearest('x', ['patterns', 'repo']), null)
    assert.equal(nearest('', []), null)
  })
})
