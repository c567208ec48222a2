// The files of the board over a real HTTP server: types, caches, codings, and the headers that keep the page to itself.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createPages } from '../../../../daemon/api/web/pages.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const PAGE = '<!doctype html>'

async function serve(
  t: TestContext,
): Promise<(name: string, headers?: object) => Promise<Response>> {
  const folder = makeFolder(t)
  for (const [name, text] of [
    ['index.html', PAGE],
    ['board-AAAA.js', 'run()'],
    ['secret.json', '{}'],
  ] as const)
    writeFileSync(path.join(folder, name), text)
  writeFileSync(path.join(folder, 'board-AAAA.js.gz'), gzipSync('run()'))
  const pages = createPages(folder)
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1))
    pages.send(name, request, response).catch((error: unknown) => {
      response.writeHead(404).end(String(error))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return (name, headers = {}) =>
    fetch(`http://127.0.0.1:${String(port)}/${encodeURIComponent(name)}`, {
      headers: { connection: 'close', ...headers },
    })
}

describe('the page', () => {
  it('comes with a policy that lets nothing in from elsewhere, and nobody frame it', async (t) => {
    const get = await serve(t)
    const { headers } = await get('index.html')
    const policy = headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), part)
    assert.equal(policy.includes('unsafe'), false)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cache-control'), 'no-cache')
  })

  it('is not sent again to whoever has it', async (t) => {
    const get = await serve(t)
    const etag = (await get('index.html')).headers.get('etag') ?? ''
    const again = await get('index.html', { 'if-none-match': etag })
    assert.equal(again.status, 304)
    assert.equal(await again.text(), '')
  })

  it('has parts that are kept for good, compressed where that is taken', async (t) => {
    const get = await serve(t)
    const packed = await get('board-AAAA.js', { 'accept-encoding': 'gzip, br' })
    assert.equal(packed.headers.get('content-encoding'), 'gzip')
    assert.equal(await packed.text(), 'run()')
    assert.match(packed.headers.get('cache-control') ?? '', /immutable/)
    const plain = await get('board-AAAA.js', { 'accept-encoding': 'identity' })
    assert.equal(plain.headers.get('content-encoding'), null)
    assert.equal(plain.headers.get('content-type'), 'text/javascript; charset=utf-8')
  })

  it('leads to no other file', async (t) => {
    const get = await serve(t)
    for (const name of [
      'secret.json',
      '../index.html',
      'board-AAAA.js.gz',
      'constructor',
      'none.js',
    ])
      assert.equal((await get(name)).status, 404, name)
  })
})
