// What a worker's output tells, launcher by launcher, as events of one kind. The output is a stranger's: a line that is none of what
// is known tells nothing and breaks nothing.
import type { Sign } from './signs.ts'

export type WorkerEvent =
  | Sign
  | { readonly kind: 'started'; readonly session: string; readonly model: string | null }
  | { readonly kind: 'turn' }
  | { readonly kind: 'tool'; readonly tool: string }
  | { readonly kind: 'edited'; readonly file: string }
  | { readonly kind: 'ran'; readonly command: string }
  | { readonly kind: 'rate-limited' }
  /** So often until now. */
  | { readonly kind: 'denied'; readonly count: number }
  /** So much until now. */
  | { readonly kind: 'cost'; readonly usd: number }
  | {
      readonly kind: 'result'
      readonly ok: boolean
      readonly turns: number | null
      readonly why: string
    }

export type ReadLine = (line: string) => readonly WorkerEvent[]
