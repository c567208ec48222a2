// Run by the bridge's test as a process of its own, as `skein mcp` will run it: argument 1 is the socket.
import { runBridge } from '../../../mcp/bridge.ts'
import { GREETING } from './greeting.ts'

const [, , where = ''] = process.argv
await runBridge({
  socketPath: () => where,
  greeting: GREETING,
  stdin: process.stdin,
  stdout: process.stdout,
  start: null,
})
