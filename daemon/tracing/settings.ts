// Does the environment ask for spans? Read without OpenTelemetry's library, which is loaded only then.
type Env = Readonly<Record<string, string | undefined>>

export type TracingWish =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  /** It asks for what is not there. */
  | { readonly kind: 'impossible'; readonly why: string }

export function tracingIn(env: Env): TracingWish {
  const isOff = env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true'
  const hasEndpoint = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].some(
    (name) => (env[name] ?? '') !== '',
  )
  if (isOff || !hasEndpoint || env['OTEL_TRACES_EXPORTER'] === 'none') return { kind: 'off' }
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL']
  if (protocol === undefined || protocol === '' || protocol.startsWith('http/'))
    return { kind: 'on' }
  return { kind: 'impossible', why: `spans go out over http, not by ${protocol}` }
}
