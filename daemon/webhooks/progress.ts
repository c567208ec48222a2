// How far each webhook has come in each audit log, kept in the home. The log itself is the outbox: what is not delivered is told
// again from here, so that a crash repeats a delivery and loses none.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { codeOf, replaceFile } from '../home.ts'

export interface Failure {
  readonly event: string
  readonly at: string
  readonly problem: string
}

export interface LaneProgress {
  /** The last event that was delivered, passed over or given up; null: it begins with the log. */
  readonly last: string | null
  /** When the last one was taken, for people. */
  readonly deliveredAt: string | null
  readonly delivered: number
  /** The event that is not taken, and since when: a restart does not begin its day anew. */
  readonly waiting: { readonly event: string; readonly since: number } | null
  /** Given up, oldest first. */
  readonly failed: readonly Failure[]
  /** Given up before those. */
  readonly forgotten: number
}

export type HookProgress = Readonly<Record<string, LaneProgress>>

export interface ProgressStore {
  of(hook: string): HookProgress
  /** Durable when it returns. */
  keep(hook: string, lane: string, progress: LaneProgress): void
}

/** Beyond it the oldest are forgotten, and counted. */
export const FAILURES_MAX = 1_000

const laneSchema = z.object({
  last: z.string().nullable(),
  deliveredAt: z.string().nullable(),
  delivered: z.number(),
  waiting: z.object({ event: z.string(), since: z.number() }).nullable().default(null),
  failed: z.array(z.object({ event: z.string(), at: z.string(), problem: z.string() })),
  forgotten: z.number(),
})
const fileSchema = z.record(z.string(), z.record(z.string(), laneSchema))

/** @throws what the disk throws; a file that cannot be read as ours counts as none, and is kept beside. */
export function openProgress(home: string): ProgressStore {
  const file = path.join(home, 'webhooks.json')
  let all: Readonly<Record<string, HookProgress>> = read(file)
  return {
    of: (hook) => all[hook] ?? {},
    keep(hook, lane, progress) {
      all = { ...all, [hook]: { ...all[hook], [lane]: progress } }
      replaceFile(file, `${JSON.stringify(all)}\n`)
    },
  }
}

function read(file: string): Readonly<Record<string, HookProgress>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {}
    throw error
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch {
    replaceFile(`${file}.unreadable`, text)
    return {}
  }
}

export function withFailure(progress: LaneProgress, failure: Failure): LaneProgress {
  const failed = [...progress.failed, failure]
  const over = Math.max(0, failed.length - FAILURES_MAX)
  return { ...progress, failed: failed.slice(over), forgotten: progress.forgotten + over }
}
