// Every operation of the table at POST /v1/<name>; the status says what the exit code says.
import {
  exitOfResult,
  httpOfExit,
  INPUTS,
  OPERATION_NAMES,
  OPERATIONS,
  type OperationName,
} from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import { readJson } from './body.ts'
import type { Route } from './http-call.ts'

export function operationRoutes(operations: Operations): readonly Route[] {
  return OPERATION_NAMES.map((name) => ({
    method: 'POST',
    path: `/v1/${name}`,
    access: 'token',
    about: { summary: OPERATIONS[name].summary, tag: 'operations' },
    async answer({ request, context }) {
      const input = withKey(name, await readJson(request), request.headers['idempotency-key'])
      const result = await operations.call(name, input, context)
      return { status: statusOf(name, result), body: result }
    },
  }))
}

/** A field of the input, or the header by which HTTP clients send it; the field is the nearer word. */
function withKey(
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
  key: string | string[] | undefined,
): Readonly<Record<string, unknown>> {
  const isTaken = 'idempotency_key' in INPUTS[name].shape
  if (typeof key !== 'string' || !isTaken || 'idempotency_key' in input) return input
  return { ...input, idempotency_key: key }
}

/** A check answers 200 whatever it says. */
function statusOf(name: OperationName, result: unknown): number {
  return name === 'check' ? 200 : httpOfExit(exitOfResult(name, result))
}
