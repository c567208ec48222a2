// The record as streams and files: events as they happen, the whole audit log for another disk, and the check of such a file.
import { once } from 'node:events'
import path from 'node:path'
import {
  LIMITS,
  SkeinError,
  tellEvent,
  type AuditEvent,
  type OperationName,
  type OperationResult,
} from '../../../protocol/index.ts'
import { followEvents } from '../../client/event-stream.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { Machine } from '../machine.ts'
import { buildInput, requireCwd } from '../operation-input.ts'
import { storyLines } from '../output/events.ts'
import { pageOn } from '../output/page.ts'
import { clean } from '../output/text.ts'
import { runLog } from './log.ts'
import { call } from './operation.ts'

export function runRecord(
  name: OperationName,
  command: Command,
  io: Io,
  machine: Machine,
): Promise<number> {
  if (name === 'events') return follow(command, io)
  if (name === 'log') return runLog(command, io)
  return name === 'audit/export' ? exportLog(command, io) : verifyCopy(command, io, machine)
}

async function follow(command: Command, io: Io): Promise<number> {
  const asked = buildInput('events', command, io)
  if (asked['limit'] !== undefined) {
    throw new SkeinError('INPUT_USAGE', '--limit says how many events of the past are shown.', {
      hint: 'skein events --follow --since 1h',
    })
  }
  const home = homePath(io.env)
  const over = overOf(io)
  const isJson = command.fields['json'] === true
  const events = followEvents({
    socket: () => findSockets(home).api,
    query: queryOf(asked),
    signal: over,
    onBreak(isBack) {
      if (command.fields['quiet'] === true) return
      io.stderr.write(isBack ? 'a daemon is back\n' : 'the daemon is gone; waiting for it …\n')
    },
  })
  for await (const event of events) {
    io.stdout.write(`${shown(event, isJson, command, io)}\n`)
    await roomIn(io, over)
  }
  return 130
}

/** Ctrl-C, or nobody reads any more. One for the whole command: each signal made of others is remembered by those. */
function overOf({ interrupted, stdout }: Io): AbortSignal {
  return AbortSignal.any([interrupted, stdout.closed])
}

/** A slow reader of the pipe holds the stream up, not the memory of this process. */
async function roomIn({ stdout: { stream } }: Io, over: AbortSignal): Promise<void> {
  if (!stream.writableNeedDrain || over.aborted) return
  await once(stream, 'drain', { signal: over }).catch(() => undefined)
}

function shown(event: AuditEvent, isJson: boolean, { fields }: Command, io: Io): string {
  if (isJson) return JSON.stringify(event)
  if (fields['quiet'] === true) return event.id
  return storyLines(clean(tellEvent(event)), event.at, pageOn(io.stdout, io)).join('\n')
}

/** A query has texts only, and `--follow` is no field of it. */
function queryOf(input: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const fields = Object.entries(input).flatMap(([key, value]): [string, string][] => {
    if (key === 'follow') return []
    if (Array.isArray(value)) return [[key, value.join(',')]]
    return typeof value === 'string' || typeof value === 'boolean' ? [[key, String(value)]] : []
  })
  return Object.fromEntries(fields)
}

/** The lines as they are in the log: its hashes are over their bytes. */
async function exportLog(command: Command, io: Io): Promise<number> {
  const asked = { ...buildInput('audit/export', command, io), limit: LIMITS.eventsListedMax }
  const over = overOf(io)
  let since: string | null = null
  do {
    const input = since === null ? asked : { ...asked, since }
    const page = (await call('audit/export', input, command, io)) as OperationResult<'audit/export'>
    io.stdout.write(page.lines.map((line) => `${line}\n`).join(''))
    await roomIn(io, over)
    since = page.next
  } while (since !== null && !over.aborted)
  return io.interrupted.aborted ? 130 : 0
}

async function verifyCopy({ fields }: Command, io: Io, machine: Machine): Promise<number> {
  const file = path.resolve(requireCwd(io), String(fields['file']))
  const verdict = await machine.verifyAudit(file)
  const { problem } = verdict
  const ok = problem === null
  if (fields['json'] === true) io.stdout.write(`${JSON.stringify({ ok, ...verdict }, null, 2)}\n`)
  else if (fields['quiet'] !== true) {
    const page = pageOn(io.stdout, io)
    const count = `${String(verdict.events)} events`
    io.stdout.write(
      ok
        ? `${page.paint('good', 'whole')}: ${count}, the last hash is ${verdict.last ?? '-'}\n`
        : `${page.paint('bad', 'BROKEN')}: ${problem}, after ${count}\n`,
    )
  }
  return ok ? 0 : 4
}
