// The two configuration files as schemas: every key, its type, its bounds, one sentence on what it does. Defaults are not in
// here, so that a value's source stays known: config.ts lays the files over them.
// What a key means belongs to the part that uses it; a key that no part uses yet is accepted and does nothing.
import { z } from 'zod'
import { fleetSettings } from './config-fleet.ts'
import { languageServers } from './config-servers.ts'
import { trackerSettings } from './config-tracker.ts'
import { DEFAULTS, LIMITS } from '../protocol/index.ts'
import {
  absolutePath,
  command,
  duration,
  dialledAddress,
  listenAddress,
  machineName,
  named,
  pattern,
  port,
  repoId,
} from './config-words.ts'
import { glob, hotspotTerms, ownedAreas } from './policy/schema.ts'

/** What a webhook is called when it does not say. */
export function webhookName({
  name,
  url,
}: {
  readonly name?: string | undefined
  readonly url: string
}): string {
  return name ?? new URL(url).host
}

const ttl = duration(1, DEFAULTS.ttlSecondsMax)

const editWait = duration(0, DEFAULTS.waitSecondsMax)

const isOn = z.boolean().optional()

/** `.skein.yml`: data that everybody who can write to the repository can write. */
export const repoFileSchema = z.strictObject({
  repo: repoId.optional().describe('Id of the repository; default: owner/name of `origin`.'),
  default_branch: named
    .optional()
    .describe('Branch that work lands on; default: that of `origin`.'),
  plan_path: pattern
    .optional()
    .describe('Folder of plan files, or one such file, from the root; default: context.'),
  case: z
    .enum(['exact', 'fold'])
    .optional()
    .describe('Are A.ts and a.ts two files? Default: fold.'),
  limits: z
    .strictObject({
      files: z.int().min(1).optional().describe('Most files that one claim covers; default: 100.'),
      ratio: z
        .number()
        .gt(0)
        .max(1)
        .optional()
        .describe(
          'Most tracked files that one claim covers, as a share, in repositories of more than 100; default: 0.2.',
        ),
      claims_per_agent: z
        .int()
        .min(1)
        .optional()
        .describe('Most live claims of one agent; default: none.'),
      waits_per_agent: z
        .int()
        .min(1)
        .optional()
        .describe('Most queue entries of one agent; default: none.'),
      waits: z
        .int()
        .min(1)
        .optional()
        .describe('Most queue entries of the whole repository; default, and at most: 10000.'),
    })
    .optional()
    .describe('Bounds of what one caller may take.'),
  ttl: z
    .strictObject({
      default: ttl.optional().describe('Of a claim that does not say its own; default: 4h.'),
      shared: ttl.optional().describe('The same for shared claims; default: 2h.'),
      task: ttl.optional().describe('The same for tasks; default: 10d.'),
    })
    .optional()
    .describe('How long claims live without being released.'),
  idle_release: duration(DEFAULTS.idleReleaseSecondsMin, DEFAULTS.ttlSecondsMax)
    .optional()
    .describe('A session that shows no activity for this long loses its claims; default: 30m.'),
  shared: z
    .array(glob)
    .optional()
    .describe('Patterns whose claims are shared, however they are asked for.'),
  protected: z.array(glob).optional().describe('Patterns that nobody may claim.'),
  depends_on: z.array(repoId).optional().describe('Repositories that this one builds on.'),
  owners: z
    .strictObject({
      modules: ownedAreas.optional().describe('Modules by name.'),
      areas: ownedAreas.optional().describe('Areas by name.'),
    })
    .optional()
    .describe('Who answers for what.'),
  hotspots: hotspotTerms.optional().describe('What happens where claims meet again and again.'),
  commands: z
    .strictObject({
      build: command.optional().describe('Builds the repository.'),
      test: command.optional().describe('Tests it.'),
      smoke: command.optional().describe('Tries what was built.'),
      housekeeping: z.array(command).optional().describe('Run at the end of a working day.'),
    })
    .optional()
    .describe('Run only on machines where a person approved them: `skein trust`.'),
  fleet: z
    .strictObject({
      launcher: named.optional().describe('Launcher that starts the workers.'),
      model: named.optional().describe('Model of a first try.'),
      models: z.array(named).optional().describe('Models from weak to strong, for further tries.'),
      labels: z
        .record(named, named)
        .optional()
        .describe('Label of an issue to the model that takes it.'),
      checklist: z
        .array(z.string().max(LIMITS.descriptionCharactersMax))
        .optional()
        .describe('What a reviewer checks.'),
      merge: z.enum(['direct', 'pr']).optional().describe('Land by push or by pull request.'),
      reviews: z
        .strictObject({
          require_approval: isOn.describe(
            'Only what a review of the same commit approved lands; default: false.',
          ),
          auto: isOn.describe('A pull request starts a review; default: false.'),
        })
        .optional()
        .describe('Reviews of the work.'),
    })
    .optional()
    .describe('Settings of the workers in this repository.'),
  release_on_landing: isOn.describe(
    'Claims end once a push takes their work to the default branch; default: true.',
  ),
  edit_wait: z
    .strictObject({
      headless: editWait.optional().describe('Of a run without a person; default: 10m.'),
      interactive: editWait.optional().describe('Of any other; default: 0s.'),
    })
    .optional()
    .describe('How long a hook waits for what another holds before it refuses the edit.'),
  offline: z
    .enum(['provisional', 'ask', 'deny', 'allow'])
    .optional()
    .describe('What an edit meets without quorum or daemon; default: provisional.'),
})

/** `config.yml`: this machine's own word, read by nobody else. */
export const machineFileSchema = z.strictObject({
  machine: machineName
    .optional()
    .describe('Name of this machine in the mesh; default: <hostname>-<last 4 of its peer id>.'),
  listen: z
    .array(listenAddress)
    .max(16)
    .optional()
    .describe('Addresses of the mesh listener; default: port 7451 on loopback.'),
  dial: z
    .record(machineName, z.array(dialledAddress).min(1).max(8))
    .optional()
    .describe('Where this machine dials others, by their names; default: where they say they are.'),
  discovery: z
    .enum(['none', 'mdns'])
    .optional()
    .describe('Also looks for members on the local network by multicast DNS; default: none.'),
  http_port: port
    .optional()
    .describe('Port of the HTTP API on loopback, 0 for any free one; default: 7452.'),
  repos: z
    .record(repoId, z.array(absolutePath))
    .optional()
    .describe('Enrolled repositories: id to the checkouts on this machine.'),
  exclude: z
    .array(z.string().min(1).max(4_096))
    .optional()
    .describe('Repository ids and folders that are never enrolled.'),
  enrol: z
    .enum(['auto', 'ask'])
    .optional()
    .describe('Enrol a tracked .skein.yml on first use, or wait for `skein enrol`; default: auto.'),
  trust_scripts: isOn.describe('Lets scripts act as a person with --yes; default: false.'),
  read_only: isOn.describe(
    'Takes the write bits of files that others hold, in the checkouts here; default: false.',
  ),
  language_servers: languageServers,
  log_level: z
    .enum(['info', 'debug'])
    .optional()
    .describe('`debug` also writes down every HTTP request; default: info.'),
  retention: z
    .strictObject({
      audit: duration(86_400, 3_650 * 86_400)
        .optional()
        .describe('Events older than this are removed, whole segments at a time; default: 365d.'),
      audit_mib: z
        .int()
        .min(64)
        .optional()
        .describe('Most MiB of audit log that one repository keeps; default: 512.'),
      logs_mib: z
        .int()
        .min(1)
        .optional()
        .describe("Most MiB of the daemon's own log; default: 64."),
      wip: duration(3_600, 3_650 * 86_400)
        .optional()
        .describe('Kept work that is older than this is removed; default: 14d.'),
      wip_mib: z
        .int()
        .min(1)
        .optional()
        .describe('Most MiB of kept work in one clone, the oldest goes first; default: 512.'),
    })
    .optional()
    .describe('What this machine keeps, and for how long.'),
  capabilities: z.array(named).optional().describe('What this machine can build or test.'),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }),
        name: machineName.optional().describe('What it is called here; default: its host.'),
        forge: z
          .enum(['github', 'gitea'])
          .optional()
          .describe('Refused pushes are told there, in a comment on the pull request.'),
        token: z.string().min(1).max(1_000).optional().describe("The forge's, to comment with."),
        token_env: named
          .optional()
          .describe('Variable with that token; default: GITHUB_TOKEN or GITEA_TOKEN.'),
        secret: z
          .string()
          .min(16)
          .max(1_000)
          .optional()
          .describe('Signs each message: HMAC-SHA256 over the body, in `X-Skein-Signature`.'),
        events: z
          .array(named)
          .min(1)
          .optional()
          .describe('Kinds, or families such as `claim.*`; default: all.'),
        repos: z.array(repoId).optional().describe('Of these repositories only; default: all.'),
      }),
    )
    .max(16)
    .refine(
      (hooks) =>
        hooks.every((hook) =>
          hook.forge === undefined
            ? hook.token === undefined && hook.token_env === undefined
            : hook.secret === undefined && hook.events === undefined,
        ),
      '`token` and `token_env` belong to a `forge`, `secret` and `events` to a plain webhook',
    )
    .refine(
      (hooks) => new Set(hooks.map(webhookName)).size === hooks.length,
      'two of them have one name: give each a `name`',
    )
    .optional()
    .describe('Where events are sent.'),
  tracker: trackerSettings,
  fleet: fleetSettings,
})

export type RepoFile = z.output<typeof repoFileSchema>
export type MachineFile = z.output<typeof machineFileSchema>

export type FileName = '.skein.yml' | 'config.yml'

/** JSON Schemas of both files as people write them, by file name. */
export function configJsonSchema(): Readonly<Record<FileName, JsonSchema>> {
  return { '.skein.yml': schemaOf(repoFileSchema), 'config.yml': schemaOf(machineFileSchema) }
}

/** The part of JSON Schema that lists the keys of an object. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

function schemaOf(schema: z.ZodType): JsonSchema {
  // `input`: a duration is written as text and read as seconds.
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
}
