// A span for each operation, and for each round with the ledger in it. Where no collector is named these are calls that do
// nothing.
import {
  context as contexts,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { SkeinError } from '../../protocol/index.ts'
import { withCall, type CallContext, type Operations } from '../client/operations.ts'
import { VERSION } from '../version.ts'

/** Asked for at each call: a tracer stays with the provider that it first met, and a daemon may start again in its process. */
function tracer(): Tracer {
  return trace.getTracer('skein', VERSION)
}

export function traced(operations: Operations): Operations {
  return withCall(operations, (name, input, context) => {
    const parent = propagation.extract(contexts.active(), context.trace ?? {})
    const attributes = { 'skein.operation': name, ...namesIn(input, context) }
    const options = { kind: SpanKind.SERVER, attributes }
    return tracer().startActiveSpan(`skein ${name}`, options, parent, async (span) => {
      try {
        const result = await operations.call(name, input, context)
        span.setAttribute('skein.outcome', outcomeOf(result))
        return result
      } catch (error) {
        const code = error instanceof SkeinError ? error.code : 'INTERNAL'
        span.setAttributes({ 'skein.outcome': code, 'error.type': code })
        // As of HTTP: what the caller did wrong is no failure of the server.
        const isOwn = !(error instanceof SkeinError) || error.exit === 2 || error.exit === 70
        if (isOwn) span.setStatus({ code: SpanStatusCode.ERROR, message: code })
        throw error
      } finally {
        span.end()
      }
    })
  })
}

/** The part of an operation that waits for the ledger's decision. */
export function inRound<Value>(command: string, run: () => Promise<Value>): Promise<Value> {
  const options = { attributes: { 'skein.command': command } }
  return tracer().startActiveSpan('skein ledger round', options, async (span) => {
    try {
      return await run()
    } finally {
      span.end()
    }
  })
}

/** Names only: paths and texts stay in the audit log. */
function namesIn(input: unknown, { door, caller }: CallContext): Record<string, string> {
  const fields = typeof input === 'object' && input !== null ? input : {}
  const given = fields as { readonly [key in 'repo' | 'agent' | 'session']?: unknown }
  const names: Record<string, string> = { 'skein.door': door }
  for (const key of ['repo', 'agent', 'session'] as const) {
    const name = given[key] ?? caller[key]
    if (typeof name === 'string') names[`skein.${key}`] = name
  }
  return names
}

/** As the metrics have it. */
export function outcomeOf(result: unknown): string {
  const has = typeof result === 'object' && result !== null && 'status' in result
  return has && typeof result.status === 'string' ? result.status : 'ok'
}
