// Spans through a real daemon: to a collector on loopback, as part of the caller's trace, and none without a collector.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startDaemon } from '../helpers/daemon.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
}

async function collect(t: TestContext): Promise<{ readonly url: string; readonly spans: Span[] }> {
  const spans: Span[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        readonly resourceSpans: readonly {
          readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
        }[]
      }
      if (request.url === '/v1/traces')
        for (const { scopeSpans } of body.resourceSpans)
          for (const scope of scopeSpans) spans.push(...scope.spans)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, spans }
}

function makeHome(t: TestContext): string {
  const home = path.join(makeFolder(t), 'h')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(path.join(home, 'config.yml'), 'http_port: 0\n')
  return home
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

describe('spans', () => {
  it('tell of each operation and of its round with the ledger, in the trace of its caller', async (t) => {
    const { url, spans } = await collect(t)
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'claims' }
    const daemon = await startDaemon(t, { home: makeHome(t), env })
    const cwd = makeRepo(t)
    const scopes = [{ kind: 'file', pattern: 'src/a.ts' }]
    await daemon.client.must('claim', { cwd, agent: 'ann', session: 's', scopes })
    const traceparent = `00-${TRACE}-${PARENT}-01`
    await daemon.client.call('verify', { cwd, session: 's', ids: [] }, { traceparent })
    await daemon.stop()
    const named = (name: string) => spans.find((span) => span.name === name)
    const claim = named('skein claim')
    const round = spans.find(({ parentSpanId }) => parentSpanId === claim?.spanId)
    assert.equal(round?.name, 'skein ledger round')
    const facts = Object.fromEntries(
      (claim?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
    )
    assert.deepEqual(
      [facts['skein.agent'], facts['skein.session'], facts['skein.outcome']],
      ['ann', 's', 'granted'],
    )
    assert.equal(JSON.stringify(spans).includes('src/a.ts'), false)
    const verify = named('skein verify')
    assert.deepEqual([verify?.traceId, verify?.parentSpanId], [TRACE, PARENT])
  })

  it('hold nobody up where the collector is gone, and are off when the environment says so', async (t) => {
    const { spans, url } = await collect(t)
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: 'true' }
    const gone = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    for (const env of [off, gone]) {
      const daemon = await startDaemon(t, { home: makeHome(t), env })
      assert.equal((await daemon.client.must('status', { cwd: makeRepo(t) })).ready, true)
      assert.equal((await daemon.stop()).code, 0)
    }
    assert.deepEqual(spans, [])
  })
})
