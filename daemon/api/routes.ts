// Every route of the HTTP door.
import type { Callers } from '../callers.ts'
import type { Operations } from '../client/operations.ts'
import type { MetricsPort } from '../ports.ts'
import type { Repos } from '../repos.ts'
import { coordRoutes } from './coord/routes.ts'
import type { EventStreams } from './event-stream.ts'
import { hookRoutes, type HookDoor } from './hook-routes.ts'
import type { Route } from './http-call.ts'
import type { McpRoutes } from './mcp-routes.ts'
import { openApiRoute } from './openapi.ts'
import { operationRoutes } from './operation-routes.ts'
import { probeRoutes, type Probed } from './probes.ts'
import { webRoutes } from './web/routes.ts'
import type { WebLogins } from '../access/web-logins.ts'

export interface Served extends Probed {
  readonly operations: Operations
  readonly repos: Pick<Repos, 'all'>
  readonly callers: Pick<Callers, 'note'>
  readonly metrics: MetricsPort
  readonly streams: EventStreams
  readonly mcp: McpRoutes
  readonly hooks: HookDoor
  readonly webLogins: Pick<WebLogins, 'redeem' | 'end'>
}

export function allRoutes(served: Served): readonly Route[] {
  const { operations, repos, callers, metrics, streams, mcp, hooks, webLogins, ...probed } = served
  const routes: readonly Route[] = [
    ...probeRoutes(probed),
    ...webRoutes(webLogins),
    ...operationRoutes(operations),
    ...hookRoutes(operations, hooks),
    ...streams.routes,
    ...mcp.routes,
    ...coordRoutes(operations, repos, callers),
    {
      method: 'GET',
      path: '/metrics',
      access: 'home',
      about: { summary: 'Numbers for Prometheus', tag: 'process', type: 'text/plain' },
      async answer() {
        const { text, type } = await metrics.text()
        return { status: 200, body: text, type }
      },
    },
  ]
  return [...routes, openApiRoute(routes)]
}
