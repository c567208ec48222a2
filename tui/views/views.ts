// All views by name. Another one is a file beside these and a line here.
import { claimsView } from './claims.ts'
import { eventsView } from './events.ts'
import { hotspotsView } from './hotspots.ts'
import { overviewView } from './overview.ts'
import { queueView } from './queue.ts'
import { requestsView } from './requests.ts'
import { workersView } from './workers.ts'
import type { View, ViewName } from './view.ts'

export const VIEWS: Readonly<Record<ViewName, View>> = {
  overview: overviewView,
  claims: claimsView,
  queue: queueView,
  requests: requestsView,
  hotspots: hotspotsView,
  events: eventsView,
  workers: workersView,
}
