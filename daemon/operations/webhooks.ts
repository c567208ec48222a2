// The operations about webhooks.
import { type OperationInput, type OperationResult, iso } from '../../protocol/index.ts'
import type { LaneState } from '../webhooks/lane.ts'
import { requirePerson, type Handler } from './context.ts'

type Listed = OperationResult<'webhooks/list'>['webhooks'][number]

export const webhooksList: Handler<OperationInput<'webhooks/list'>> = ({ webhooks }) => {
  const result: OperationResult<'webhooks/list'> = {
    webhooks: webhooks.list().map(({ name, url, isSigned, forge, events, lanes }): Listed => ({
      ...{ name, url, signed: isSigned, forge },
      events: [...events],
      ledgers: [...lanes].map(([ledger, lane]) => laneJson(ledger, lane)),
    })),
  }
  return Promise.resolve(result)
}

function laneJson(ledger: string, { progress, stuck }: LaneState): Listed['ledgers'][number] {
  const { delivered, deliveredAt, failed, forgotten } = progress
  return {
    ...{ ledger, delivered, delivered_at: deliveredAt, failed: failed.length + forgotten },
    waiting_for:
      stuck === null
        ? null
        : {
            ...{ event: stuck.event, problem: stuck.problem, attempts: stuck.attempts },
            since: iso(stuck.since),
            next_at: iso(stuck.nextAt),
          },
  }
}

export const webhooksTest: Handler<OperationInput<'webhooks/test'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const posted = await parts.webhooks.test(input.name)
  const result: OperationResult<'webhooks/test'> = {
    name: input.name,
    ok: posted.ok,
    status: posted.status,
    problem: posted.ok ? null : posted.problem,
  }
  return result
}

export const webhooksRetry: Handler<OperationInput<'webhooks/retry'>> = async (
  parts,
  input,
  context,
) => {
  requirePerson(parts, input, context)
  const delivered = await parts.webhooks.retry(input.name)
  return { name: input.name, delivered } satisfies OperationResult<'webhooks/retry'>
}

export const webhooksPurge: Handler<OperationInput<'webhooks/purge'>> = (parts, input, context) => {
  requirePerson(parts, input, context)
  parts.webhooks.purge(input.name)
  return Promise.resolve({ name: input.name } satisfies OperationResult<'webhooks/purge'>)
}
