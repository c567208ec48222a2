import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { badInput, refusal } from '../../../../daemon/api/coord/refusal.ts'
import { failureError } from '../../../../daemon/failure.ts'
import { isErrorCode, SkeinError } from '../../../../protocol/index.ts'

describe('a failure at coord’s routes', () => {
  const cases: readonly (readonly [SkeinError, number, string | null])[] = [
    [new SkeinError('NO_QUORUM', 'no majority'), 503, '1'],
    [new SkeinError('LEDGER_DAMAGED', 'damaged'), 503, '5'],
    [new SkeinError('BUSY', 'too many'), 429, '1'],
    [new SkeinError('BUSY', 'too many', { retryAfter: 7 }), 429, '7'],
    [new SkeinError('UNAUTHENTICATED', 'no token'), 401, null],
    [new SkeinError('CLAIM_STALE', 'not live'), 401, null],
    [new SkeinError('CLAIM_NOT_YOURS', 'another holds it'), 403, null],
    [new SkeinError('REPO_NOT_ENROLLED', 'not here'), 404, null],
    [new SkeinError('INPUT_PATTERN', 'empty'), 400, null],
    [new SkeinError('INPUT_JSON', 'no JSON'), 422, null],
    [new SkeinError('INTERNAL', 'a bug'), 500, null],
  ]
  for (const [error, status, retryAfter] of cases) {
    it(`${error.code} is ${String(status)}`, () => {
      const reply = refusal(error)
      assert.equal(reply?.status, status)
      assert.equal(reply.headers?.['retry-after'] ?? null, retryAfter)
      assert.ok(typeof reply.body === 'object' && reply.body !== null && 'detail' in reply.body)
    })
  }

  it('says what happened and what to do next', () => {
    const error = new SkeinError('CLAIM_ENDED', 'it is over', { hint: 'claim again' })
    assert.deepEqual(refusal(error)?.body, { detail: 'it is over (claim again)' })
  })

  it('over a limit says which, and when to come again', () => {
    const error = new SkeinError('BUSY', 'too many', { hint: 'later', retryAfter: 7 })
    const body = { detail: 'too many (later)', scope: 'repo_queue', retry_after: 7 }
    assert.deepEqual(refusal(error)?.body, body)
    const scopes = { LIMIT_CLAIMS: 'claims', LIMIT_WAITS: 'queue', LIMIT_QUEUE: 'repo_queue' }
    for (const [code, scope] of Object.entries(scopes)) {
      assert.ok(isErrorCode(code))
      const told = refusal(failureError({ code, message: 'full', data: { retry_after: 60 } }))
      assert.match(JSON.stringify(told?.body), new RegExp(`"scope":"${scope}","retry_after":60`))
      assert.deepEqual([told?.status, told?.headers?.['retry-after']], [429, '60'])
    }
  })

  it('of an input is a list of problems, of whoever found them', () => {
    const problem = { type: 'missing', loc: ['body', 'engineer'], msg: 'Field required' }
    assert.deepEqual(refusal(badInput([problem]))?.body, { detail: [problem] })
    const data = { problems: ['scopes.0.pattern: too long'] }
    const told = refusal(new SkeinError('INPUT_SCHEMA', 'claim: too long', { data }))
    assert.deepEqual(told?.body, {
      detail: [{ type: 'value_error', loc: ['body'], msg: 'scopes.0.pattern: too long' }],
    })
    const plain = refusal(new SkeinError('INPUT_SCHEMA', 'no name'))
    assert.deepEqual(plain?.body, {
      detail: [{ type: 'value_error', loc: ['body'], msg: 'no name' }],
    })
  })

  it('that is none of the world’s is left to the server', () => {
    assert.equal(refusal(new Error('a bug')), null)
  })
})
