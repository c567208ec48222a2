// What a repository wants done at the end of a working day: its `commands.housekeeping`, one after the other, in the checkout of whoever
// ends the day. Only what a person of this machine approved runs; one that fails stops no other.
import { clean } from './callers.ts'
import { runCommand } from './checks/run.ts'
import type { Commands, Trust } from './checks/trust.ts'

export interface Housekept {
  readonly command: string
  readonly ok: boolean
  /** How it ended, and the last of what it said. */
  readonly note: string
}

export type HousekeepingTold =
  | { readonly kind: 'done'; readonly ran: readonly Housekept[] }
  /** What differs from what was approved, as lines for people. */
  | { readonly kind: 'unapproved'; readonly diff: readonly string[] }

export interface Housekeeping {
  run(
    repo: string,
    root: string,
    commands: Commands,
    signal: AbortSignal,
  ): Promise<HousekeepingTold>
}

export interface HousekeepingOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly trust: Pick<Trust, 'doubt'>
  readonly now: () => number
}

/** Of all together: whoever ends the day waits for it. */
const MS_MAX = 100_000
const NOTE_CHARACTERS = 200

export function createHousekeeping(options: HousekeepingOptions): Housekeeping {
  const own = Object.entries(options.env).filter(([name]) => !/^(?:SKEIN|GIT)_/.test(name))
  const env = Object.fromEntries(own)
  return {
    async run(repo, root, commands, signal) {
      const { housekeeping = [] } = commands
      const diff = housekeeping.length === 0 ? null : options.trust.doubt(repo, commands)
      if (diff !== null) return { kind: 'unapproved', diff }
      const until = options.now() + MS_MAX
      const ran: Housekept[] = []
      for (const command of housekeeping) {
        const left = Math.floor(until - options.now())
        if (left <= 0) ran.push({ command, ok: false, note: 'not started: there was no time left' })
        else ran.push(await runOne({ command, cwd: root, env, millisecondsMax: left, signal }))
      }
      return { kind: 'done', ran }
    },
  }
}

type One = Omit<Parameters<typeof runCommand>[0], 'onOutput' | 'onStart'>

async function runOne(one: One): Promise<Housekept> {
  let last = ''
  const { code, how } = await runCommand({
    ...one,
    onOutput: (chunk) => {
      last = `${last}${chunk.toString('utf8')}`.slice(-NOTE_CHARACTERS)
    },
    onStart: () => undefined,
  })
  const note = [how, clean(last)].filter((text) => text !== '').join(': ')
  return { command: one.command, ok: code === 0, note }
}
