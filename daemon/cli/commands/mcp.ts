// `skein mcp`: what harnesses start. Says who calls, then only copies bytes; starts a daemon where none runs.
import { findSockets, homePath } from '../../client/place.ts'
import { identifyCaller } from '../../client/caller.ts'
import type { LocalCommand } from '../machine.ts'
import { requireCwd } from '../operation-input.ts'

export const run: LocalCommand = async ({ fields }, io, machine) => {
  const { agent, session, repo } = fields
  const caller = identifyCaller({
    agent: typeof agent === 'string' ? agent : undefined,
    session: typeof session === 'string' ? session : undefined,
    env: io.env,
  })
  const home = homePath(io.env)
  await machine.runBridge({
    socketPath: () => findSockets(home).mcp,
    greeting: {
      skein: 1,
      cwd: requireCwd(io),
      repo: typeof repo === 'string' ? repo : null,
      agent: caller.agent,
      session: caller.session,
      harness: caller.harness,
      user: caller.user,
      pid: caller.process?.pid ?? null,
      started: caller.process?.started ?? null,
    },
    stdin: io.stdin,
    stdout: io.stdout.stream,
    start:
      io.env['SKEIN_NO_START'] === '1'
        ? null
        : async () => {
            const { startInBackground } = await import('./background.ts')
            await startInBackground(io, machine)
          },
  })
  return 0
}
