// `fleet` of config.yml: which workers this machine starts, for whom, and with what programs.
import { z } from 'zod'
import { command, duration, named, repoId } from './config-words.ts'

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
    quiet_hours: z
      .string()
      .optional()
      .describe('When no worker is started. Read, and without effect in this version.'),
    spending: z
      .strictObject({
        per_run: z.number().min(0).optional().describe('Most that one run may cost.'),
        per_day: z.number().min(0).optional().describe('Most that one day may cost.'),
      })
      .optional()
      .describe('Bounds of what workers cost. Read, and without effect in this version.'),
  })
  .optional()
  .describe('Workers on this machine.')
