// http.md: every route of the HTTP door, out of the table that serves it. The routes' parts are stand-ins: nothing is asked.
import { createEventStreams } from '../../daemon/api/event-stream.ts'
import type { Method, Route } from '../../daemon/api/http-call.ts'
import { createMcpRoutes } from '../../daemon/api/mcp-routes.ts'
import { describeApi } from '../../daemon/api/openapi.ts'
import { allRoutes, type Served } from '../../daemon/api/routes.ts'
import { OPERATIONS, type OperationName } from '../../protocol/index.ts'
import { anchor, page, spell, table } from './page.ts'

type Tag = Route['about']['tag']

export function httpPage(): string {
  const routes = routesOf()
  return page(
    '# HTTP routes',
    'The same routes on both listeners: the unix socket `api.sock` in the home, without a token, and `127.0.0.1`, port 7452 unless configured otherwise, with it. How to call them, and what an answer means, stands in [PROTOCOL](../PROTOCOL.md#http). `GET /openapi.json` describes them to programs.',
    'Access: `token` needs `Authorization: Bearer` and the content of the file `token` in the home, on the port only; `open` is answered to anybody on this machine. Status: what an answer has when all is well, and what a result says; failures have the statuses of [their codes](errors.md#codes). HEAD is taken where GET is.',
    ...SECTIONS.flatMap(({ tag, title, about }) => {
      const some = routes.filter((route) => route.about.tag === tag)
      return some.length === 0 ? [] : [`## ${title}`, about, ...sectionOf(tag, some)]
    }),
  )
}

const SECTIONS: readonly { readonly tag: Tag; readonly title: string; readonly about: string }[] = [
  {
    tag: 'operations',
    title: 'Operations',
    about:
      'The body is one JSON object, the input of the operation; the answer is its result. Fields of both stand with the operation.',
  },
  {
    tag: 'events',
    title: 'Events',
    about: 'The fields of the operation [events](operations.md#events), in the query.',
  },
  {
    tag: 'hooks',
    title: 'Hooks',
    about:
      'For harnesses that post the payloads of their hooks. The body is the payload as it is, the answer the JSON that the harness reads, always with status 200; the event is the one that the payload names. See the [guide](../how-to/guard.md).',
  },
  {
    tag: 'process',
    title: 'The daemon itself',
    about: 'For load balancers, collectors of numbers and generators of clients.',
  },
  {
    tag: 'mcp',
    title: 'MCP',
    about:
      'Streamable HTTP, in both eras of the protocol: [PROTOCOL](../PROTOCOL.md#mcp), [Connecting an MCP client](../how-to/mcp-clients.md).',
  },
  {
    tag: 'board',
    title: 'The board in the browser',
    about:
      'The page of [`skein web`](../how-to/boards.md#in-the-browser): its files, the same everywhere, and the trade of a one-time code, `{"code": …}`, for a token, `{"token", "agent", "may_act"}`.',
  },
  {
    tag: 'coord',
    title: 'The routes of coord',
    about:
      'For clients of coord, with its fields and its form of failures, `{"detail": …}`; [Moving from coord](../how-to/moving-from-coord.md) says what each does here. New programs use the operations.',
  },
]

/** Not in the routes themselves: what an answer has beside 200. */
const STATUSES: Readonly<Record<string, string>> = {
  'GET /readyz': '200, 503 while not ready',
  'GET /v1/events': '200',
  'POST /claims': '200, 409',
}

/** Not in the routes either: those of MCP answer by themselves. */
const ANSWERS: Readonly<Record<string, string>> = {
  'POST /mcp': 'JSON or `text/event-stream`',
  'GET /mcp': '`text/event-stream`',
  'DELETE /mcp': '',
}

function routesOf(): readonly Route[] {
  const operations: Served['operations'] = {
    call: () => Promise.resolve(null),
    watch: () => () => undefined,
    follow: () => Promise.reject(new Error('nobody follows')),
  }
  return allRoutes({
    operations,
    repos: { all: () => [] },
    callers: { note: () => undefined },
    metrics: { text: () => Promise.resolve({ type: '', text: '' }) },
    streams: createEventStreams(operations),
    mcp: createMcpRoutes(operations, () => Promise.reject(new Error('nobody speaks'))),
    hooks: {
      user: '',
      passOf: () => null,
      noteAnswered: () => undefined,
      judgeOffline: () => Promise.reject(new Error('nobody asks')),
    },
    webLogins: {
      redeem: () => {
        throw new Error('nobody logs in')
      },
      end: () => undefined,
    },
    isReady: () => true,
    version: '',
    hasCheckout: () => false,
  })
}

function sectionOf(tag: Tag, routes: readonly Route[]): readonly string[] {
  if (tag === 'operations') return [operationTable(routes)]
  if (tag !== 'coord') return [routeTable(routes), ...queryTables(routes)]
  return [...groupsOf(routes)].flatMap(([group, some]) => [
    `### /${group}`,
    routeTable(some),
    ...queryTables(some),
  ])
}

function operationTable(routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, access }) => {
    const name = path.slice('/v1/'.length) as OperationName
    const link = `[${spell(name)}](operations.md#${anchor(spell(name))})`
    return [`\`${method} ${path}\``, link, access, statusOf(method, path), OPERATIONS[name].summary]
  })
  return table(['route', 'operation', 'access', 'status', 'what it does'], rows)
}

function routeTable(routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, access, about }) => [
    `\`${method} ${path}\``,
    access,
    statusOf(method, path),
    ANSWERS[`${method} ${path}`] ?? (about.type === undefined ? 'JSON' : `\`${about.type}\``),
    about.summary,
  ])
  return table(['route', 'access', 'status', 'answer', 'what it does'], rows)
}

/** Routes that take the same query share a table. */
function queryTables(routes: readonly Route[]): readonly string[] {
  const asked = new Map<string, Route[]>()
  for (const route of routes) {
    const key = JSON.stringify(route.about.query ?? [])
    asked.set(key, [...(asked.get(key) ?? []), route])
  }
  return [...asked.values()].flatMap((same) => {
    const query = same[0]?.about.query ?? []
    if (query.length === 0) return []
    const names = same.map(({ method, path }) => `\`${method} ${path}\``).join(', ')
    return [
      `In the query of ${names}:`,
      table(
        ['field', 'meaning'],
        query.map(({ name, help }) => [`\`${name}\``, help]),
      ),
    ]
  })
}

function groupsOf(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>()
  for (const route of routes) {
    const group = route.path.split('/')[1] ?? ''
    groups.set(group, [...(groups.get(group) ?? []), route])
  }
  return groups
}

const described = describeApi(routesOf()) as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>
    >
  >
}

/** As the description of the API has them. */
function statusOf(method: Method, path: string): string {
  const known = STATUSES[`${method} ${path}`]
  if (known !== undefined) return known
  const responses = described.paths[path]?.[method.toLowerCase()]?.responses ?? {}
  return Object.keys(responses)
    .filter((status) => /^\d+$/.test(status))
    .join(', ')
}
