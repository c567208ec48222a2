// A caller of the tools over Streamable HTTP, in either era: bare JSON-RPC, so that the server is measured and no client.
import { Exchange } from './exchange.ts'
import type { LoadCaller, Speech } from './caller.ts'
import { headsFor, parseHttp, post, type HttpAnswer } from './skein-caller.ts'

interface Port {
  readonly number: number
  readonly token: string
  readonly speaks: Speech
}

const CLIENT = { name: 'bench', version: '1' }
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
}

export async function openMcpCaller(port: Port, name: string): Promise<LoadCaller> {
  const exchange = await Exchange.open({ host: '127.0.0.1', port: port.number }, parseHttp)
  const accept = 'accept: application/json, text/event-stream\r\n'
  const heads = `${headsFor(port)}${accept}skein-repo: bench/repo\r\nskein-session: ${name}\r\n`
  const isModern = port.speaks === 'mcp-2026'
  let sessionHeads = heads
  let id = 0

  async function send(message: object, extra: string): Promise<HttpAnswer> {
    const answer = await exchange.ask(post('/mcp', sessionHeads + extra, JSON.stringify(message)))
    if (answer.status >= 300) throw new Error(`/mcp: ${String(answer.status)} ${answer.body}`)
    return answer
  }

  async function callTool(tool: string, given: object): Promise<void> {
    id += 1
    const meta = isModern ? { _meta: META } : {}
    const params = { name: tool, arguments: given, ...meta }
    const modern = `mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: ${tool}\r\n`
    const { body } = await send(
      { jsonrpc: '2.0', id, method: 'tools/call', params },
      isModern ? modern : '',
    )
    if (!body.includes('"result"') || body.includes('"isError":true')) throw new Error(body)
  }

  if (!isModern) {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT }
    const { head } = await send({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, '')
    const session = /\r\nmcp-session-id: *([^\r]+)/i.exec(head)?.[1] ?? ''
    sessionHeads = `${heads}mcp-session-id: ${session}\r\nmcp-protocol-version: 2025-11-25\r\n`
    await send({ jsonrpc: '2.0', method: 'notifications/initialized' }, '')
  }
  return {
    claim: (key) => callTool('claim_files', { patterns: [key] }),
    release: () => callTool('release_session', {}),
    check: (key) => callTool('check_conflicts', { files: [key] }),
    ping: () => callTool('list_claims', {}),
    close() {
      exchange.close()
    },
  }
}
