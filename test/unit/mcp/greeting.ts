import type { Greeting } from '../../../mcp/bridge.ts'

export const GREETING: Greeting = {
  skein: 1,
  cwd: '/src/app',
  agent: null,
  session: 's-1',
  harness: 'claude',
  user: 'ann',
  pid: 42,
  started: '1234',
}
