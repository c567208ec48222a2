// The ways in, opened last: whoever gets in finds everything there.
import { createApi } from './api/server.ts'
import { createEventStreams } from './api/event-stream.ts'
import { createMcpRoutes, type OpenMcpHttp } from './api/mcp-routes.ts'
import { createMcpSocket, type McpDoor } from './api/mcp-socket.ts'
import { allRoutes } from './api/routes.ts'
import { withGrants } from './access/limited.ts'
import type { AccessTokens } from './access/tokens.ts'
import type { WebLogins } from './access/web-logins.ts'
import type { Callers } from './callers.ts'
import type { Operations } from './client/operations.ts'
import { isExplicit, type Config } from './config.ts'
import { tellPort } from './http-hooks/address.ts'
import { openHookDoor } from './http-hooks/door.ts'
import { socketPaths } from './home.ts'
import type { Log } from './log.ts'
import type { LateMetrics } from './metrics/recorder.ts'
import type { About } from './operations/context.ts'
import type { Clock } from './ports.ts'
import type { Repos } from './repos.ts'
import { createSyncDoor } from './sync/door.ts'
import { createDocuments, type SyncSources } from './sync/documents.ts'
import type { Teardown } from './teardown.ts'
import { VERSION } from './version.ts'

/** Front ends are handed in from above: the daemon knows none. */
export interface FrontEnds {
  readonly mcp: () => Promise<McpDoor>
  readonly mcpHttp: () => Promise<OpenMcpHttp>
}

/** How many are there. */
export interface OpenDoors {
  readonly streams: () => number
  readonly mcpConnections: () => number
  readonly boards: () => number
}

const CLOSE_GRACE_MS = 2_000

export async function openDoors(
  place: {
    readonly frontEnds: FrontEnds
    readonly env: Readonly<Record<string, string | undefined>>
    readonly config: Config
    readonly home: string
    readonly clock: Clock
    readonly token: string
    readonly tokens: AccessTokens
    readonly webLogins: WebLogins
  },
  stack: Teardown,
  served: {
    readonly operations: Operations
    readonly about: About
    readonly repos: Repos
    readonly callers: Callers
    readonly log: Log
    readonly metrics: LateMetrics
    readonly sync: SyncSources
  },
): Promise<OpenDoors> {
  const { about, repos, callers, log, metrics } = served
  const operations = withGrants(served.operations)
  const streams = createEventStreams(operations)
  const mcpOverHttp = createMcpRoutes(operations, place.frontEnds.mcpHttp)
  const sync = createSyncDoor(createDocuments(served.sync, log))
  const hooks = openHookDoor(place.home, place.env, place.clock)
  // Whose token ended sees no more.
  place.webLogins.onEnd(sync.drop)
  const api = createApi({
    log,
    sync,
    onAnswer(answered) {
      metrics.recorder.request(answered)
      log.debug({ ...answered }, 'answered')
    },
    token: place.token,
    tokens: eitherOf(place.tokens, place.webLogins),
    isPass: (text) => hooks.passOf(text) !== null,
    routes: allRoutes({
      operations,
      repos,
      callers,
      metrics,
      streams,
      mcp: mcpOverHttp,
      hooks,
      webLogins: place.webLogins,
      version: VERSION,
      hasCheckout: () => repos.all().some(({ checkouts }) => checkouts.length > 0),
      isReady: () => about.http !== null && repos.all().every((repo) => repo.host !== null),
    }),
  })
  stack.add(() => api.close(CLOSE_GRACE_MS))
  // Before it: streams that go on would use up all its grace.
  stack.add(() => mcpOverHttp.close())
  stack.add(streams.close)
  stack.add(sync.close)
  // Before all of them: from now on the commands beside HTTP hooks judge again.
  stack.add(hooks.close)
  const sockets = socketPaths(place.home, place.env)
  const port = await listenOnPort(api, place.config)
  about.http = `http://127.0.0.1:${String(port)}`
  const mcp = createMcpSocket(operations, place.frontEnds.mcp, log)
  stack.add(() => mcp.close())
  await mcp.listen(sockets.mcp)
  await api.listenOnSocket(sockets.api)
  tellPort(place.home, port, log)
  return { streams: streams.count, mcpConnections: mcp.count, boards: sync.count }
}

type Grants = Pick<AccessTokens, 'grantOf'>

function eitherOf(one: Grants, other: Grants): Grants {
  return { grantOf: (text) => one.grantOf(text) ?? other.grantOf(text) }
}

function listenOnPort(api: ReturnType<typeof createApi>, config: Config): Promise<number> {
  return api.listenOnPort(
    config.http_port,
    isExplicit(config, 'http_port') && config.http_port !== 0,
  )
}
