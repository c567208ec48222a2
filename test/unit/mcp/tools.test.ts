import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearest } from '../../../mcp/tool.ts'
import { TOOLS } from '../../../mcp/tools.ts'
import { INPUTS, OPERATIONS, OUTPUTS, SkeinError } from '../../../protocol/index.ts'
import { CLAIM_ID, RESULTS, sampleClaim } from './twins.ts'

function toolNamed(name: string) {
  const tool = TOOLS.find((each) => each.name === name)
  assert.ok(tool !== undefined, name)
  return tool
}

const inputOf = (name: string, args: object, session?: string): unknown =>
  toolNamed(name).toInput(args, session)

describe('the tools', () => {
  it('are the operations of the table that agents may call, and release_session', () => {
    const named = Object.values(OPERATIONS).flatMap(({ tool }) => tool ?? [])
    assert.deepEqual(new Set(TOOLS.map(({ name }) => name)), new Set([...named, 'release_session']))
    for (const { name, operation } of TOOLS)
      if (name !== 'release_session') assert.equal(OPERATIONS[operation].tool, name)
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
      const needed: Readonly<Record<string, object>> = {
        claim_files: { patterns: ['a'] },
        check_conflicts: { patterns: ['a'] },
        narrow_claim: { claim_id: CLAIM_ID, patterns: ['a'] },
        release_claims: { claim_ids: [CLAIM_ID] },
        why: { pattern: 'a' },
      }
      const args = { ...needed[name], repo: 'team/project', session: 's-1' }
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
      ['release_claims', { claim_ids: [CLAIM_ID], engineer: 'bob' }],
      ['release_session', {}],
      ['release_session', { session_id: 's-2' }],
      ['verify_claims', {}],
      ['why', { pattern: CLAIM_ID, limit: 5 }],
    ]
    for (const [name, args] of all) {
      const { operation } = toolNamed(name)
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
    assert.deepEqual(inputOf('list_claims', { engineer: 'bob', active_only: false }), {
      of_agent: 'bob',
      recent: true,
      limit: 25,
    })
    assert.deepEqual(inputOf('release_session', {}), { mine: true })
    assert.deepEqual(inputOf('release_session', { session_id: 's' }), { of_session: 's' })
    assert.deepEqual(inputOf('renew_claims', {}, 'codex-1'), { session: 'codex-1' })
  })

  it('answer with the result as it is, and a text', () => {
    for (const tool of TOOLS) {
      const result = RESULTS[tool.operation]
      assert.ok(OUTPUTS[tool.operation].safeParse(result).success, tool.operation)
      const args =
        tool.name === 'narrow_claim' ? { claim_id: 'x', patterns: ['a'] } : neededBy(tool.name)
      const answer = tool.toAnswer(result, args)
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

function neededBy(tool: string): object {
  if (tool === 'why') return { pattern: 'a' }
  return tool === 'release_claims' ? { claim_ids: ['x'] } : {}
}

describe('wrong arguments', () => {
  const rows: readonly (readonly [tool: string, args: unknown, says: RegExp])[] = [
    [
      'claim_files',
      { pattern: ['a'] },
      /no argument "pattern"\. Did you mean `patterns`\? It takes/,
    ],
    ['claim_files', { 'x\n"y': 1 }, /no argument "x 'y"\. It takes patterns/],
    ['claim_files', { patterns: ['a'], symbols: { a: ['b'] } }, /Symbols cannot be claimed yet/],
    ['claim_files', { patterns: ['a'], wait_seconds: 60 }, /Waiting is not possible yet/],
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
