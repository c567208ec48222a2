// Spans to a collector, by OpenTelemetry's own library. Off unless the environment names a collector, and then loaded on demand;
// what the variables mean is the library's: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
import { context as contexts, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

/** What is told of spans that could not be sent: the collector is nobody's to wait for. */
const SHUTDOWN_MS_MAX = 2_000

export interface TracedProcess {
  readonly version: string
  readonly machine: string
}

/** @returns ends it, after what waits has been sent, in two seconds at the most. */
export function startTracing({ version, machine }: TracedProcess): () => Promise<void> {
  const own = resourceFromAttributes({
    'service.name': 'skein',
    'service.version': version,
    'service.instance.id': machine,
  })
  const resource = own.merge(detectResources({ detectors: [envDetector] }))
  const spans = new BatchSpanProcessor(new OTLPTraceExporter())
  const provider = new BasicTracerProvider({ resource, spanProcessors: [spans] })
  const manager = new AsyncLocalStorageContextManager().enable()
  contexts.setGlobalContextManager(manager)
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  return async () => {
    trace.disable()
    propagation.disable()
    contexts.disable()
    const timer = new Promise<void>((resolve) => setTimeout(resolve, SHUTDOWN_MS_MAX).unref())
    await Promise.race([provider.shutdown().catch(() => undefined), timer])
  }
}
