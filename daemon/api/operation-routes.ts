// Every operation of the table at POST /v1/<name>; the status says what the exit code says.
import {
  exitOfResult,
  httpOfExit,
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
      const input = await readJson(request)
      const result = await operations.call(name, input, context)
      return { status: statusOf(name, result), body: result }
    },
  }))
}

/** A check answers 200 whatever it says. */
function statusOf(name: OperationName, result: unknown): number {
  return name === 'check' ? 200 : httpOfExit(exitOfResult(name, result))
}
