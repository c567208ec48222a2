// Webhooks through a real daemon: what happens reaches an address of config.yml, signed; what it missed while it was down, and while
// the daemon was, comes after.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { AuditEvent } from '../../protocol/index.ts'
import { startDaemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const SECRET = 'sixteen characters'

interface Received {
  readonly event: AuditEvent
  readonly isSigned: boolean
  readonly delivery: string | undefined
}

class Receiver {
  readonly taken: Received[] = []
  status = 200

  async listen(t: TestContext): Promise<number> {
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(this.status).end()
        if (this.status === 200) this.#take(Buffer.concat(chunks), request.headers)
      })
    })
    t.after(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  #take(body: Buffer, headers: http.IncomingHttpHeaders): void {
    const hex = createHmac('sha256', SECRET).update(body).digest('hex')
    this.taken.push({
      event: JSON.parse(body.toString('utf8')) as AuditEvent,
      isSigned: headers['x-skein-signature'] === `sha256=${hex}`,
      delivery: headers['x-skein-delivery'] as string | undefined,
    })
  }

  kinds(): readonly string[] {
    return this.taken.map(({ event }) => event.kind)
  }
}

describe('webhooks', () => {
  it('get every event of their kinds in order, over restarts of either side', async (t) => {
    const receiver = new Receiver()
    const port = await receiver.listen(t)
    const home = path.join(makeFolder(t), 'h')
    mkdirSync(home, { mode: 0o700 })
    writeFileSync(
      path.join(home, 'config.yml'),
      `trust_scripts: true
webhooks:
  - url: http://127.0.0.1:${String(port)}/in?key=hidden
    name: local
    secret: ${SECRET}
    events: [claim.*]
`,
    )
    const root = makeRepo(t)
    const who = { cwd: root, agent: 'ann', session: 's' }
    const first = await startDaemon(t, { home })
    const granted = await first.client.must('claim', {
      ...who,
      scopes: [{ kind: 'file', pattern: 'src/a.ts' }],
    })
    await until('the grant is taken', () => receiver.kinds().includes('claim.granted'))
    const [taken] = receiver.taken
    assert.deepEqual([taken?.isSigned, taken?.delivery], [true, taken?.event.id])

    receiver.status = 503
    await first.client.must('release', { ...who, ids: [granted.claims[0]?.id ?? ''] })
    await until('it is not taken', async () => {
      const { webhooks } = await first.client.must('webhooks/list', {})
      return webhooks[0]?.ledgers.some(({ waiting_for }) => waiting_for !== null) === true
    })
    const tested = await first.client.must('webhooks/test', { name: 'local', yes: true })
    assert.deepEqual([tested.ok, tested.status], [false, 503])
    await first.stop()
    receiver.status = 200

    const second = await startDaemon(t, { home })
    await until('the release is taken', () => receiver.kinds().includes('claim.released'))
    assert.deepEqual(receiver.kinds(), ['claim.granted', 'claim.released'])
    const { webhooks } = await second.client.must('webhooks/list', {})
    assert.equal(webhooks[0]?.url, `http://127.0.0.1:${String(port)}/in`)
    const shown = JSON.stringify(await second.client.must('config', {}))
    assert.equal(shown.includes(SECRET), false)
    const strange = await second.client
      .call('webhooks/purge', { name: 'other', yes: true })
      .catch(String)
    assert.match(JSON.stringify(strange), /No webhook is called other/)
  })
})
