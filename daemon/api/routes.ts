// Every route of the HTTP door.
import type { Operations } from '../client/operations.ts'
import { createEventStreams } from './event-stream.ts'
import type { Route } from './http-call.ts'
import { operationRoutes } from './operation-routes.ts'
import { probeRoutes, type Probed } from './probes.ts'

export interface Served extends Probed {
  readonly operations: Operations
}

export function allRoutes({ operations, ...probed }: Served): readonly Route[] {
  return [
    ...probeRoutes(probed),
    ...operationRoutes(operations),
    ...createEventStreams(operations).routes,
  ]
}
