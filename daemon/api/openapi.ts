// GET /openapi.json: the HTTP door described by what it is made of, the routes, the operation table and its schemas. Made at
// the first question and kept.
import { z } from 'zod'
import {
  DETAILS,
  ERROR_CATALOGUE,
  httpOfExit,
  INPUTS,
  OPERATIONS,
  OUTPUTS,
  type Exit,
  type OperationName,
} from '../../protocol/index.ts'
import { VERSION } from '../version.ts'
import type { Route } from './http-call.ts'

type Json = Readonly<Record<string, unknown>>

export function openApiRoute(routes: readonly Route[]): Route {
  let made: Json | null = null
  const route: Route = {
    method: 'GET',
    path: '/openapi.json',
    access: 'token',
    about: { summary: 'This description, OpenAPI 3.1', tag: 'process' },
    answer() {
      made ??= describeApi([...routes, route])
      return { status: 200, body: made }
    },
  }
  return route
}

/** OpenAPI Specification 3.1.1. */
export function describeApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes)
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describeRoute(route)
  return {
    openapi: '3.1.1',
    info: {
      title: 'skein',
      version: VERSION,
      summary: 'Claims for coding agents',
      description: 'On the unix socket without a token, on loopback TCP with it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: 'http://127.0.0.1:7452', description: 'the default port; see `skein status`' },
    ],
    security: [{ token: [] }],
    tags: [
      { name: 'operations', description: 'Every operation of the table, as POST.' },
      { name: 'events', description: 'What happens, as a stream.' },
      { name: 'process', description: 'The daemon itself.' },
      { name: 'coord', description: 'The routes of coord, for its clients.' },
      { name: 'mcp', description: 'The Model Context Protocol.' },
      { name: 'board', description: 'The page of `skein web`.' },
    ].filter(({ name }) => routes.some(({ about }) => about.tag === name)),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token file of the home.' },
      },
      schemas: { Error: errorSchema(), Detail: detailSchema() },
    },
  }
}

function describeRoute(route: Route): Json {
  const { about, access, path } = route
  const operation = operationOf(route)
  const parameters = [...pathParameters(path), ...queryParameters(route)]
  return {
    tags: [about.tag],
    summary: about.summary,
    operationId: `${route.method.toLowerCase()}${path.replaceAll(/[^a-zA-Z0-9]+(\w|$)/g, (_, letter: string) => `_${letter}`)}`,
    ...(access === 'open' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation === null ? {} : operationParts(operation)),
    responses:
      operation === null
        ? {
            200: { description: 'Done.', content: { [about.type ?? 'application/json']: {} } },
            default: about.tag === 'coord' ? FAILED_AS_COORD : FAILED,
          }
        : operationResponses(operation),
  }
}

function operationOf({ about, path }: Route): OperationName | null {
  const name = path.slice('/v1/'.length)
  return about.tag === 'operations' && name in OPERATIONS ? (name as OperationName) : null
}

function operationParts(name: OperationName): Json {
  return {
    description: DETAILS[name],
    requestBody: {
      content: { 'application/json': { schema: schemaOf(INPUTS[name], 'input') } },
    },
  }
}

/** An exit code is a status; which a result has stands in the operation's description. */
function operationResponses(name: OperationName): Json {
  const result = { 'application/json': { schema: schemaOf(OUTPUTS[name], 'output') } }
  const results = STATUSES[name] ?? [0]
  return {
    ...Object.fromEntries(
      results.map((exit) => [
        httpOfExit(exit),
        { description: MEANINGS[exit] ?? '', content: result },
      ]),
    ),
    default: FAILED,
  }
}

/** Exits of results, beside 0. */
const STATUSES: Readonly<Partial<Record<OperationName, readonly Exit[]>>> = {
  claim: [0, 1, 8],
  'task/claim': [0, 1, 8],
  request: [0, 8],
  requests: [0, 8],
  verify: [0, 4],
  'audit/verify': [0, 4],
  status: [0, 2],
}

const MEANINGS: Readonly<Partial<Record<Exit, string>>> = {
  0: 'Done.',
  1: 'Refused: somebody else holds it.',
  2: 'Not ready.',
  4: 'It does not hold.',
  8: 'The wait goes on, or ended without what was waited for.',
}

const FAILED = {
  description: 'It could not be done.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
}

const FAILED_AS_COORD = {
  description: 'It could not be done.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Detail' } } },
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ about }: Route): readonly Json[] {
  return (about.query ?? []).map(({ name, help }) => ({
    name,
    in: 'query',
    description: help,
    schema: { type: 'string' },
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  // The dialect is the document's: each part would name it again.
  return { ...z.toJSONSchema(schema, { io }), $schema: undefined }
}

/** As FastAPI tells a failure: in a text, or problem by problem where the input is at fault. */
function detailSchema(): Json {
  const problem = {
    type: 'object',
    required: ['type', 'loc', 'msg'],
    properties: {
      type: { type: 'string' },
      loc: { type: 'array', items: { type: ['string', 'integer'] } },
      msg: { type: 'string' },
    },
  }
  return {
    type: 'object',
    required: ['detail'],
    properties: { detail: { oneOf: [{ type: 'string' }, { type: 'array', items: problem }] } },
  }
}

function errorSchema(): Json {
  return {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'hint', 'exit'],
        properties: {
          code: { type: 'string', enum: Object.keys(ERROR_CATALOGUE) },
          message: { type: 'string', description: 'what happened' },
          hint: { type: 'string', description: 'the next command to type' },
          exit: { type: 'integer', description: 'what the command line would exit with' },
          data: { description: 'the facts' },
        },
      },
    },
  }
}
