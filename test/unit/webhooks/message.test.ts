import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { messageOf } from '../../../daemon/webhooks/message.ts'
import { isLinkLocal } from '../../../daemon/outgoing.ts'
import { post } from '../../../daemon/webhooks/post.ts'
import { asRepoId, FIRST_PREV, type AuditEvent } from '../../../protocol/index.ts'

const EVENT: AuditEvent = {
  id: 'evt_01JXT2JW91GAG6X51DA7M1Y9EF',
  repo: asRepoId('team/proj'),
  kind: 'claim.granted',
  at: '2026-01-02T03:04:05.678Z',
  term: 1,
  index: 2,
  actor: 'ann',
  machine: 'box',
  data: { pattern: 'src/ä.ts' },
  prev: FIRST_PREV,
  hash: 'aa',
}

describe('a message', () => {
  it('is the event, signed over its bytes, with the names that coord had', () => {
    const { body, headers } = messageOf(EVENT, EVENT.id, 'a secret of some length')
    const told = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual(told, {
      ...EVENT,
      event_type: 'claim_granted',
      timestamp: EVENT.at,
      detail: EVENT.data,
    })
    const hex = createHmac('sha256', 'a secret of some length')
      .update(Buffer.from(body))
      .digest('hex')
    assert.equal(headers['x-skein-signature'], `sha256=${hex}`)
    assert.equal(headers['x-coord-signature'], hex)
    assert.equal(headers['x-skein-delivery'], EVENT.id)
  })

  it('bears no signature without a secret, and no name of coord where coord had no such event', () => {
    const { headers } = messageOf({ ...EVENT, kind: 'claim.renewed' }, EVENT.id, null)
    assert.deepEqual(
      Object.keys(headers).filter((name) => /coord|signature/.test(name)),
      [],
    )
  })

  it('tells a narrowed claim from one that stands beside another', () => {
    const kind = 'claim.coexist'
    const named = (data: AuditEvent['data']) =>
      messageOf({ ...EVENT, kind, data }, EVENT.id, null).headers['x-coord-event-type']
    assert.deepEqual([named({ narrowed: true }), named({})], ['auto-narrow', 'auto-coexist'])
  })
})

describe('link-local addresses', () => {
  it('are told in every spelling', () => {
    const local = ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254', 'fd00:ec2::254']
    assert.deepEqual(local.map(isLinkLocal), [true, true, true, true])
    assert.deepEqual(['127.0.0.1', '10.0.0.1', '::1', '2001:db8::1', 'name'].map(isLinkLocal), [
      ...[false, false, false, false, false],
    ])
  })
})

describe('posting', () => {
  const message = messageOf(EVENT, EVENT.id, null)
  const never = new AbortController().signal

  async function receiver(t: TestContext, answer: http.RequestListener): Promise<string> {
    const server = http.createServer(answer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.after(() => server.close())
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/in?key=1`
  }

  it('sends the bytes that were signed', async (t) => {
    const bodies: string[] = []
    const url = await receiver(t, (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text))
      request.on('end', () => response.writeHead(204).end())
    })
    assert.deepEqual(await post(new URL(url), message, never), { ok: true, status: 204 })
    assert.equal(bodies.join(''), message.body)
  })

  it('does not follow a redirect, wherever it leads', async (t) => {
    let calls = 0
    const url = await receiver(t, (request, response) => {
      calls++
      response.writeHead(307, { location: request.url }).end()
    })
    const posted = await post(new URL(url), message, never)
    assert.deepEqual([posted.ok, posted.status, calls], [false, 307, 1])
  })

  it('says what went wrong, and never throws', async (t) => {
    const url = new URL(await receiver(t, (_, response) => response.destroy()))
    assert.equal((await post(url, message, never)).ok, false)
    const local = await post(new URL('http://169.254.169.254/latest'), message, never)
    assert.match(local.ok ? '' : local.problem, /link-local/)
    const aborted = await post(url, message, AbortSignal.abort())
    assert.equal(aborted.ok, false)
  })
})
