// `fleet` of config.yml: which workers this machine starts, for whom, and with what programs.
import { z } from 'zod'
import { command, duration, named, repoId } from './config-words.ts'

const timeOfDay = z
  .string()
  .regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'expected a time of day such as 22:00')
const timeZone = z.string().max(64).refine(isTimeZone, 'expected a time zone such as Europe/Berlin')
const dollars = z.number().positive()

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export const fleetSettings = z
  .strictObject({
    accept: z
      .array(named)
      .optional()
      .describe('Other machines that may start workers here; default: none.'),
    repos: z
      .array(repoId)
      .optional()
      .describe('Repositories in which they may, and whose commands may run here; default: none.'),
    launchers: z
      .record(
        named,
        z
          .strictObject({
            kind: z
              .enum(['command', 'claude'])
              .optional()
              .describe('What it speaks: plain text, or as Claude Code does; default: command.'),
            command: command.optional().describe('Program; of `claude`: claude.'),
            args: z.array(z.string()).optional().describe('Its arguments.'),
            env: z.record(z.string(), z.string()).optional().describe('Added to its environment.'),
            model: named.optional().describe('Of `claude`: the model.'),
            deny: z
              .array(z.string().min(1).max(200))
              .optional()
              .describe('Of `claude`: tools that it may not use, as its `--disallowedTools`.'),
          })
          .refine(
            ({ kind = 'command', command: program }) => kind !== 'command' || program !== undefined,
            'it needs a `command`, the program that is started',
          ),
      )
      .optional()
      .describe('Programs that start workers, by name; `claude` is there without a word.'),
    max_workers: z.int().min(0).optional().describe('Most workers at once; default: 4.'),
    stagger: duration(0, 3_600)
      .optional()
      .describe('Between the starts of two workers; default: 2s.'),
    timeout: duration(1, 7 * 86_400)
      .optional()
      .describe('So long a worker may run at once; then it is ended. Default: 2h.'),
    quiet_hours: z
      .strictObject({
        from: timeOfDay.describe('From this minute on.'),
        to: timeOfDay.describe('Until this minute; may be on the next day.'),
        tz: timeZone
          .optional()
          .describe("A time zone such as Europe/Berlin; default: the machine's."),
      })
      .optional()
      .describe('When no worker is started; those that run go on.'),
    spending: z
      .strictObject({
        per_run: dollars.optional().describe('Most that one run may cost, in US dollars.'),
        per_day: dollars
          .optional()
          .describe('Most that all workers of this machine may cost in a day, in US dollars.'),
      })
      .optional()
      .describe('A worker is ended before it passes them, and none is started that could not.'),
  })
  .optional()
  .describe('Workers on this machine.')
