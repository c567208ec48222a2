// `fleet` of config.yml: which workers this machine starts, for whom, and with what programs.
import { z } from 'zod'
import { quietHours } from './config-quiet-hours.ts'
import { command, duration, named, repoId } from './config-words.ts'

const dollars = z.number().positive()

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
              .enum(['command', 'claude', 'codex', 'opencode'])
              .optional()
              .describe(
                'What it speaks: plain text, or as one of these harnesses; default: command.',
              ),
            command: command.optional().describe('Program; of a harness: its own name.'),
            args: z.array(z.string()).optional().describe('Its arguments.'),
            env: z.record(z.string(), z.string()).optional().describe('Added to its environment.'),
            model: named.optional().describe('Of a harness: the model.'),
            deny: z
              .array(z.string().min(1).max(200))
              .optional()
              .describe(
                'Of `claude` and `opencode`: what it may not do, as `--disallowedTools` of Claude Code.',
              ),
          })
          .refine(
            ({ kind = 'command', command: program }) => kind !== 'command' || program !== undefined,
            'it needs a `command`, the program that is started',
          ),
      )
      .optional()
      .describe(
        'Programs that start workers, by name; `claude`, `codex` and `opencode` are there without a word.',
      ),
    max_workers: z.int().min(0).optional().describe('Most workers at once; default: 4.'),
    auto: z
      .array(z.enum(['plan']))
      .optional()
      .describe(
        'What this machine does by itself, in the repositories of `repos`; default: nothing.',
      ),
    notify: z
      .enum(['auto'])
      .optional()
      .describe('Trackers are told by themselves of what was given from this machine.'),
    land: z
      .enum(['auto', 'manual'])
      .optional()
      .describe('Lands by itself what may land, or when asked to; default: manual.'),
    check_time: duration(1, 86_400)
      .optional()
      .describe('Most that one command of a repository may take; default: 20m.'),
    stagger: duration(0, 3_600)
      .optional()
      .describe('Between the starts of two workers; default: 2s.'),
    timeout: duration(1, 7 * 86_400)
      .optional()
      .describe('So long a worker may run at once; then it is ended. Default: 2h.'),
    quiet_hours: quietHours
      .optional()
      .describe(
        'When no worker is started, as in 22:00-07:00 or 22:00-07:00 Europe/Berlin; those that run go on.',
      ),
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
