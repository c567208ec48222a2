// A caller of the tools over the MCP socket, as the bridge of a harness is: a greeting, then bare JSON-RPC, one message a
// line.
import { Exchange, type Parse } from './exchange.ts'
import type { LoadCaller } from './caller.ts'

interface Place {
  readonly mcp: string
  readonly checkout: string
}

const PARAMS = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1' },
}

export async function openSocketCaller(place: Place, name: string): Promise<LoadCaller> {
  const exchange = await Exchange.open({ path: place.mcp }, parseAnswer)
  let id = 0

  async function ask(head: string, method: string, params: object): Promise<string> {
    id += 1
    return exchange.ask(head + line({ jsonrpc: '2.0', id, method, params }))
  }

  async function callTool(tool: string, given: object): Promise<void> {
    const answer = await ask('', 'tools/call', { name: tool, arguments: given })
    if (!answer.includes('"result"') || answer.includes('"isError":true')) throw new Error(answer)
  }

  const greeting = { skein: 1, cwd: place.checkout, agent: name, session: `session-of-${name}` }
  const nobody = { harness: null, user: null, pid: null, started: null }
  await ask(line({ ...greeting, ...nobody }), 'initialize', PARAMS)
  await ask(line({ jsonrpc: '2.0', method: 'notifications/initialized' }), 'ping', {})
  return {
    claim: (key) => callTool('claim_files', { patterns: [key] }),
    release: () => callTool('release_session', {}),
    check: (key) => callTool('check_conflicts', { files: [key] }),
    ping: async () => {
      await ask('', 'ping', {})
    },
    close() {
      exchange.close()
    },
  }
}

function line(message: object): string {
  return `${JSON.stringify(message)}\n`
}

/** The first line that answers; what the server tells of itself is passed over. */
const parseAnswer: Parse<string> = (bytes) => {
  for (let at = 0; ;) {
    const end = bytes.indexOf('\n', at)
    if (end < 0) return null
    const text = bytes.toString('utf8', at, end)
    if (text.includes('"id":') && !text.includes('"method":'))
      return { answer: text, length: end + 1 }
    at = end + 1
  }
}
