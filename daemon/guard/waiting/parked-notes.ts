// Parked runs, noted in the home: whoever looks after one sleeps until it may go on, over any restart of the daemon. The places
// that they wait for are the ledger's; which run waits for which, and for how long it is kept, stands here alone.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { asClaimId, asQueueId, asRepoId } from '../../../protocol/index.ts'
import { replaceFile } from '../../home.ts'
import type { Log } from '../../log.ts'

export interface ParkedNotes {
  /** As they were written last, without those whose time is over. */
  read(): readonly ParkedNote[]
  /** Durable when it returns. A disk that fails is logged: what it would have kept ends with this daemon. */
  write(notes: readonly ParkedNote[]): void
}

export interface ParkedNotesOptions {
  readonly home: string
  readonly wallMs: () => number
  readonly log: Pick<Log, 'warn'>
}

/** Of one harness run at its end; more than a machine parks. Above it the oldest are forgotten. */
export const PARKED_MAX = 1_000

const waitSchema = z.object({
  id: z.string().transform(asQueueId),
  repo: z.string().transform(asRepoId),
  session: z.string(),
  agent: z.string(),
  what: z.string(),
  files: z.array(z.string()).readonly(),
  claims: z.array(z.string().transform(asClaimId)).readonly(),
})

const fileSchema = z.array(
  z.object({
    session: z.string(),
    /** Of the call that the harness makes again. */
    toolUse: z.string(),
    /** By the wall clock; its claims are kept for it until then. */
    untilMs: z.number(),
    /** What it stopped at. */
    wait: waitSchema,
    /** Its places that still wait, and those that were granted and not taken up. */
    waiting: z.array(waitSchema).readonly(),
    granted: z.array(waitSchema).readonly(),
  }),
)

export type ParkedNote = z.infer<typeof fileSchema>[number]

export function openParkedNotes({ home, wallMs, log }: ParkedNotesOptions): ParkedNotes {
  const file = path.join(home, 'parked.json')
  const fresh = (notes: readonly ParkedNote[]): readonly ParkedNote[] =>
    notes.filter(({ untilMs }) => untilMs > wallMs()).slice(-PARKED_MAX)
  return {
    read() {
      if (!existsSync(file)) return []
      try {
        return fresh(fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))))
      } catch (error) {
        log.warn({ file, error: String(error) }, 'parked runs cannot be read; none is taken up')
        return []
      }
    },
    write(notes) {
      try {
        replaceFile(file, `${JSON.stringify(fresh(notes))}\n`)
      } catch (error) {
        log.warn({ error: String(error) }, 'parked runs could not be noted')
      }
    },
  }
}
