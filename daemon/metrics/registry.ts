// The numbers, by prom-client: counters and histograms as they are recorded, gauges as the daemon is at the moment of the
// question. Labels are bounded: names of the table, codes of the catalogue, enrolled repositories; never a caller's text.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { LedgerFacts, MetricsPort, Recorder } from '../ports.ts'

/** What is read when somebody asks, of the ledgers and of the process. */
export interface Observed {
  readonly about: {
    readonly version: string
    readonly machine: string
    readonly startedAtMs: number
  }
  readonly ledgers: () => readonly LedgerFacts[]
  readonly sessions: () => number
  readonly streams: () => number
  readonly mcpConnections: () => number
  readonly boards: () => number
}

export type Metrics = Recorder & MetricsPort

/** From a tenth of a millisecond, a local read, to the bound of a call. */
const CALL_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
/** Up to the longest wait that a caller may ask for. */
const WAIT_BUCKETS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600]

export function createMetrics(observed: Observed): Metrics {
  const registry = new Registry()
  observeLedgers(registry, observed)
  observeProcess(registry, observed)
  return {
    ...recorderInto([registry]),
    async text() {
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

function recorderInto(registers: Registry[]): Recorder {
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ) => new Counter({ name: `skein_${name}`, help, labelNames, registers })
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ) => new Histogram({ name: `skein_${name}`, help, labelNames, buckets, registers })

  const operations = counter('operations_total', 'Operations by how they ended.', [
    'operation',
    'door',
    'outcome',
  ])
  const operationSeconds = histogram(
    'operation_seconds',
    'Time of an operation, waiting in the queue included.',
    ['operation'],
    CALL_BUCKETS,
  )
  const requests = counter('http_requests_total', 'HTTP requests by route and status.', [
    'method',
    'route',
    'status',
  ])
  const authFailures = counter('auth_failures_total', 'HTTP requests refused without a token.', [])
  const commits = histogram(
    'commit_seconds',
    'From a command to its durable decision.',
    ['repo'],
    CALL_BUCKETS,
  )
  const events = counter('events_total', 'Events of the audit logs.', ['repo', 'kind'])
  const waited = histogram(
    'queue_wait_seconds',
    'Time in the queue until the grant.',
    ['urgency'],
    WAIT_BUCKETS,
  )
  return {
    operation(operation, door, outcome, seconds) {
      operations.inc({ operation, door, outcome })
      operationSeconds.observe({ operation }, seconds)
    },
    request({ method, route, status }) {
      requests.inc({
        method: METHODS.has(method) ? method : 'other',
        route: route ?? 'none',
        status,
      })
      if (status === 401) authFailures.inc()
    },
    commit(repo, seconds) {
      commits.observe({ repo }, seconds)
    },
    event({ repo, kind, data }) {
      events.inc({ repo, kind })
      const { waited_ms: ms, urgency } = data
      if (kind === 'queue.granted' && typeof ms === 'number')
        waited.observe({ urgency: typeof urgency === 'string' ? urgency : 'normal' }, ms / 1000)
    },
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Ten gauges ask within one scrape. */
const SCRAPE_MS = 100

function observeLedgers(registry: Registry, observed: Observed): void {
  let facts: readonly LedgerFacts[] = []
  let readAt = -Infinity
  const ledgers = (): readonly LedgerFacts[] => {
    if (performance.now() - readAt > SCRAPE_MS) {
      facts = observed.ledgers()
      readAt = performance.now()
    }
    return facts
  }
  const of = (name: string, help: string, read: (facts: LedgerFacts) => number): Gauge =>
    new Gauge({
      name: `skein_${name}`,
      help,
      labelNames: ['repo'],
      registers: [registry],
      collect() {
        // What is no longer enrolled must not stay.
        this.reset()
        for (const facts of ledgers()) this.set({ repo: facts.repo }, read(facts))
      },
    })
  of('claims', 'Live claims.', ({ claims }) => claims)
  of('claims_narrowed', 'Live claims beside which others hold symbols.', (facts) => facts.narrowed)
  of('waits', 'Places in the queue.', ({ waits }) => waits)
  of('oldest_wait_seconds', 'Age of the oldest place in the queue.', (facts) => facts.oldestWait)
  of('requests_open', 'Requests to holders without an answer.', (facts) => facts.requests)
  of('leading', '1 when this machine leads the ledger.', (facts) => Number(facts.isLeading))
  of('term', 'Term of the last committed record.', ({ term }) => term)
  of('commit_index', 'Index of the last committed record.', ({ index }) => index)
  of('ledger_bytes', 'Size of the durable log.', ({ logBytes }) => logBytes)
  of('audit_bytes', 'Size of the audit log.', ({ auditBytes }) => auditBytes)
}

function observeProcess(registry: Registry, observed: Observed): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  new Gauge({
    name: 'skein_build_info',
    help: 'Always 1; what runs stands in the labels.',
    labelNames: ['version', 'machine', 'node'],
    registers,
  }).set(
    { version: observed.about.version, machine: observed.about.machine, node: process.version },
    1,
  )
  gauge('skein_sessions', 'Sessions seen lately.', observed.sessions)
  gauge('skein_event_streams', 'Open event streams.', observed.streams)
  gauge('skein_mcp_connections', 'Connections of the MCP socket.', observed.mcpConnections)
  gauge('skein_sync_sockets', 'Copies of documents that boards follow.', observed.boards)
  // The names that every Prometheus client uses. Not the library's own set: it samples the event loop 100 times a second.
  gauge('process_start_time_seconds', 'Start of the process since 1970.', () => {
    return observed.about.startedAtMs / 1000
  })
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}
