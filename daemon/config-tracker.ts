// `tracker` of config.yml: where the work of each repository is written down.
import { z } from 'zod'
import { named, repoId } from './config-words.ts'

const FORGE_KINDS: readonly string[] = ['github', 'gitea']
/** `owner/name`, as a forge's address has it. */
const PROJECT = /^[\w.-]{1,100}\/[\w.-]{1,100}$/
/** The key of the repositories that have none of their own. */
const DEFAULT_KEY = 'default'

const oneTracker = z
  .strictObject({
    kind: z.enum(['plan', 'github', 'gitea']).describe('Plan files, or the issues of a forge.'),
    project: z
      .string()
      .regex(PROJECT, 'expected owner/name, as on the forge')
      .optional()
      .describe("On the forge; default: the repository's id."),
    url: z
      .url({ protocol: /^https?$/, error: 'expected an http or https address' })
      .optional()
      .describe('Of the forge or of its API; default of `github`: https://api.github.com.'),
    token_env: named
      .optional()
      .describe('Variable with its token; default: GITHUB_TOKEN or GITEA_TOKEN.'),
  })
  .refine(
    ({ kind, project, url, token_env: variable }) =>
      kind !== 'plan' || (project === undefined && url === undefined && variable === undefined),
    '`plan` has no `project`, `url` or `token_env`: it calls nobody',
  )
  .refine(
    ({ kind, url }) => kind !== 'gitea' || url !== undefined,
    '`gitea` needs its `url`, as in https://git.example.org',
  )

const byRepo = z
  .record(
    z.union([z.literal(DEFAULT_KEY), repoId], 'expected `default`, or an id such as owner/name'),
    oneTracker,
  )
  .superRefine((trackers, context) => {
    for (const [key, { kind, project }] of Object.entries(trackers)) {
      if (key === DEFAULT_KEY && project !== undefined) {
        const message = 'is of many repositories: name the `project` under the id of its own'
        context.addIssue({ code: 'custom', path: [key, 'project'], message })
      }
      const isKnown = key === DEFAULT_KEY || project !== undefined || PROJECT.test(key)
      if (FORGE_KINDS.includes(kind) && !isKnown) {
        const message = 'needs its `project`, owner/name on the forge'
        context.addIssue({ code: 'custom', path: [key], message })
      }
    }
  })

export const trackerSettings = z
  .union(
    [
      z
        .enum(['plan', 'github'])
        .transform((kind): Readonly<Record<string, TrackerSettings>> => ({ default: { kind } })),
      byRepo,
    ],
    'expected plan, github, or what `kind` each repository has, as in { owner/name: { kind: github } }',
  )
  .optional()
  .describe(
    'Where issues come from, by repository, or `default`; `github` alone: of each whose id is owner/name. Default: plan.',
  )

export type TrackerSettings = z.output<typeof oneTracker>

/** Where to find a repository's work: what stands under its id, else the default for ids of two names, else its plans. */
export function trackerOf(
  trackers: Readonly<Record<string, TrackerSettings>>,
  repo: string,
): TrackerSettings & { readonly project?: string | undefined } {
  const own = Object.hasOwn(trackers, repo) ? trackers[repo] : undefined
  const found = own ?? (PROJECT.test(repo) ? trackers[DEFAULT_KEY] : undefined)
  if (found === undefined || found.kind === 'plan') return { kind: 'plan' }
  return { ...found, project: found.project ?? repo }
}
