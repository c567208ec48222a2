// Finds the route of a request: by its whole path first, then by patterns with open segments.
import { nearest, SkeinError } from '../../protocol/index.ts'
import type { Route } from './http-call.ts'

export interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export interface Routing {
  /** @throws SkeinError NOT_FOUND, METHOD_REFUSED */
  find(method: string, path: string): Found
}

interface Pattern {
  readonly segments: readonly string[]
  readonly byMethod: Map<string, Route>
}

const NO_PARAMS = {}
/** Of a wrong path, in an error. */
const PATH_SHOWN = 200

export function createRouting(routes: readonly Route[]): Routing {
  const whole = new Map<string, Map<string, Route>>()
  const patterns: Pattern[] = []
  for (const route of routes) {
    if (!route.path.includes('{')) methodsAt(whole, route.path).set(route.method, route)
    else patternOf(patterns, route.path).byMethod.set(route.method, route)
  }
  return {
    find(method, path) {
      const exact = whole.get(path)
      if (exact !== undefined)
        return { route: choose(exact, method, path, whole), params: NO_PARAMS }
      const segments = path.split('/')
      for (const pattern of patterns) {
        const params = match(pattern.segments, segments)
        if (params !== null) return { route: choose(pattern.byMethod, method, path, whole), params }
      }
      throw nothingAt(path, [...whole.keys()])
    },
  }
}

function methodsAt(whole: Map<string, Map<string, Route>>, path: string): Map<string, Route> {
  const known = whole.get(path) ?? new Map<string, Route>()
  whole.set(path, known)
  return known
}

function patternOf(patterns: Pattern[], path: string): Pattern {
  const segments = path.split('/')
  const same = patterns.find((each) => each.segments.join('/') === path)
  if (same !== undefined) return same
  const pattern = { segments, byMethod: new Map<string, Route>() }
  patterns.push(pattern)
  return pattern
}

/** The open segments by their names; null when the path is another. */
function match(
  wanted: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | null {
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, segment] of wanted.entries()) {
    const value = given[at] ?? ''
    if (!segment.startsWith('{')) {
      if (segment !== value) return null
      continue
    }
    const decoded = decode(value)
    if (decoded === null || decoded === '') return null
    params[segment.slice(1, -1)] = decoded
  }
  return params
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function choose(
  byMethod: ReadonlyMap<string, Route>,
  method: string,
  path: string,
  whole: ReadonlyMap<string, unknown>,
): Route {
  // HEAD is GET without a body, which node:http leaves out by itself.
  const route = byMethod.get(method === 'HEAD' ? 'GET' : method)
  if (route !== undefined) return route
  const allowed = [...byMethod.keys()]
  const twin = `/v1${path}`
  throw new SkeinError('METHOD_REFUSED', `${path} takes ${allowed.join(' or ')}, not ${method}`, {
    ...(whole.has(twin) && !path.startsWith('/v1') ? { hint: `Or POST ${twin}.` } : {}),
    data: { allowed },
  })
}

function nothingAt(path: string, known: readonly string[]): SkeinError {
  const near = nearest(path, known)
  return new SkeinError('NOT_FOUND', `there is nothing at ${path.slice(0, PATH_SHOWN)}`, {
    hint:
      near === null
        ? 'Operations are at POST /v1/<name>; GET /openapi.json lists everything.'
        : `Did you mean ${near}?`,
  })
}
