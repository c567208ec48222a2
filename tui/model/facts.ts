// What a detail pane says of a thing: its name, and facts with theirs.
import type { Tone } from './lines.ts'

export type Fact = readonly [name: string, value: string, tone?: Tone]

export interface About {
  readonly title: string
  /** Those without a value are not shown. */
  readonly facts: readonly Fact[]
}
