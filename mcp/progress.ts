// A sign of life during calls that wait, for clients that asked for one with a progress token: many start their time-out anew
// with each. It says whom the call waits for, where asking the daemon for it is cheap.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerContext } from '@modelcontextprotocol/server'
import type { OperationName, OperationResult } from '../protocol/index.ts'
import type { CallOperation } from './client.ts'
import { firstOf, quote } from './text.ts'

/** Well below the 30 seconds and more after which clients give up. */
const EVERY_MS = 5_000

/**
 * @param tell what is waited for, in words; asked anew each time.
 * @returns what ends it.
 */
export function reportProgress(
  { _meta, notify, signal }: Pick<ServerContext['mcpReq'], '_meta' | 'notify' | 'signal'>,
  tell: () => Promise<string>,
  everyMs = EVERY_MS,
): () => void {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return () => undefined
  const startedAt = performance.now()
  let isOver = false
  let isTelling = false
  async function report(): Promise<void> {
    // A daemon that is slow to say it must not silence the sign of life.
    const message = await Promise.race([tell().catch(() => WAITING), sleep(everyMs / 2, WAITING)])
    // An answer that was given meanwhile is the last word on a call.
    if (isOver || signal.aborted) return
    const progress = Math.round(performance.now() - startedAt) / 1000
    await notify({
      method: 'notifications/progress',
      params: { progressToken, progress, message },
    })
  }
  const timer = setInterval(() => {
    if (signal.aborted || isTelling) return
    isTelling = true
    report()
      // A client that is gone ends its calls by itself.
      .catch(() => undefined)
      .finally(() => {
        isTelling = false
      })
  }, everyMs)
  return () => {
    isOver = true
    clearInterval(timer)
  }
}

const WAITING = 'waiting'

/** Whom an operation that is under way waits for. */
export async function tellWait(
  call: CallOperation,
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
): Promise<string> {
  if (name === 'ask') return 'waiting for the answer of a person'
  if (name === 'request' || name === 'requests') return 'waiting for the answer to the request'
  if (name !== 'claim' && name !== 'task/claim') return WAITING
  const { repo, agent, session } = input
  const who = withoutAbsent({ repo, agent, session })
  const { entries } = (await call('queue', { ...who, mine: true })) as OperationResult<'queue'>
  const place = entries.at(-1)
  if (place === undefined) return WAITING
  const at = `waiting at place ${String(place.position)}`
  const before = place.ahead.at(-1)
  if (before !== undefined) return `${at}, behind agent ${quote(before.agent, 60)}`
  const scopes = { ...who, scopes: place.scopes }
  const { conflicts } = (await call('check', scopes)) as OperationResult<'check'>
  const [met] = firstOf(conflicts, 1).shown
  if (met === undefined) return at
  return `${at} for agent ${quote(met.claim.agent, 60)}, who holds ${quote(met.claim.pattern, 80)}`
}

function withoutAbsent(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
