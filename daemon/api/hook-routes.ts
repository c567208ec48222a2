// Hooks over HTTP, for harnesses that post their payloads: the answer is the harness's own JSON, always with 200, since it
// reads no status.
import { HARNESSES, type OperationResult } from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import { readJson } from './body.ts'
import type { Route } from './http-call.ts'

export function hookRoutes(operations: Operations): readonly Route[] {
  return HARNESSES.map((harness) => ({
    method: 'POST',
    path: `/hooks/${harness}`,
    access: 'home',
    about: { summary: `A hook's payload of ${harness}, answered in its own form`, tag: 'hooks' },
    async answer({ request, context }) {
      const payload = await readJson(request)
      const result = await operations.call('guard', { harness, payload }, context)
      const { reply } = result as OperationResult<'guard'>
      const body: unknown = reply.stdout === '' ? {} : JSON.parse(reply.stdout)
      return { status: 200, body }
    },
  }))
}
