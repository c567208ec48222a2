// The HTTP server with operations that are made up: what it answers before, and beside, what an operation says.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { coordRoutes } from '../../../../daemon/api/coord/routes.ts'
import { createMcpRoutes } from '../../../../daemon/api/mcp-routes.ts'
import { operationRoutes } from '../../../../daemon/api/operation-routes.ts'
import { createApi } from '../../../../daemon/api/server.ts'
import type { Operations } from '../../../../daemon/client/operations.ts'
import type { Log } from '../../../../daemon/log.ts'
import { LIMITS } from '../../../../protocol/index.ts'
import { createClient, type ApiClient } from '../../../helpers/api.ts'

const TOKEN = 't'.repeat(64)
const quiet = (): void => undefined
const LOG: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

const OPERATIONS: Operations = {
  call: () => Promise.resolve({}),
  watch: () => quiet,
  follow: () => Promise.reject(new Error('nobody follows')),
}

async function serve(t: TestContext): Promise<ApiClient> {
  const routes = [
    ...operationRoutes(OPERATIONS),
    ...coordRoutes(OPERATIONS, { all: () => [] }),
    ...createMcpRoutes(OPERATIONS, () => Promise.reject(new Error('nothing opens it'))).routes,
  ]
  const api = createApi({ routes, log: LOG, token: TOKEN })
  const port = await api.listenOnPort(0, true)
  const client = createClient({ port, token: TOKEN })
  t.after(() => {
    client.close()
    return api.close(0)
  })
  return client
}

describe('the answer to a body that is too large', () => {
  for (const path of ['/v1/claim', '/claims'])
    it(`ends the connection at ${path}`, async (t) => {
      const client = await serve(t)
      const body = ' '.repeat(LIMITS.inputBytesMax + 1)
      const headers = { 'content-length': body.length + 1 }
      // The last byte is never sent: what was said so far is too much.
      const answer = await client.request({ method: 'POST', path, headers, body })
      assert.deepEqual([answer.status, answer.headers.connection], [400, 'close'])
    })
})

describe('a header that names a caller', () => {
  const long = 'x'.repeat(LIMITS.nameCharactersMax + 1)
  for (const header of ['Skein-Session', 'Skein-Agent', 'Skein-Repo'])
    for (const path of ['/v1/claim', '/claims', '/mcp'])
      it(`is refused at ${path} where it is too long: ${header}`, async (t) => {
        const client = await serve(t)
        const headers = { 'skein-agent': 'bob', [header.toLowerCase()]: long }
        const answer = await client.request({ method: 'POST', path, headers, body: '{}' })
        assert.equal(answer.status, 400)
        assert.match(answer.body, new RegExp(`header ${header} has more than 200 characters`))
      })
})
