// The comment on a pull request whose push was refused: what is in the way, whose it is, and what to type. What others wrote
// stands in code spans: no markup, nobody is called by name.
import { z } from 'zod'
import type { AuditEvent } from '../../protocol/index.ts'
import { findPullRequest, ForgeFailed, putComment, type Forge } from './forge.ts'
import type { Posted } from './post.ts'

/** The one kind of event that a pull request is told. */
export const TOLD_KIND = 'push.refused'

/** People do not see it; the next comment finds this one by it. */
const MARK = '<!-- skein: a refused push -->'
const FILES_MAX = 10

const refusedSchema = z.object({
  agent: z.string(),
  remote: z.string().nullable(),
  refs: z.array(z.string()),
  files_total: z.int(),
  files: z.array(
    z.object({
      path: z.string(),
      symbols: z.array(z.string()),
      claim: z.string(),
      holder: z.string(),
      holder_machine: z.string(),
      fence: z.int().nullable(),
      until: z.string().nullable(),
    }),
  ),
})

type Refused = z.output<typeof refusedSchema>

/** Never throws. Without an open pull request there is nobody to tell: that is taken, too. */
export async function tellPullRequests(
  forge: Forge,
  event: AuditEvent,
  signal: AbortSignal,
): Promise<Posted> {
  const done: Posted = { ok: true, status: 200 }
  const read = refusedSchema.safeParse(event.data)
  const found = read.success ? placeIn(read.data.remote ?? '', forge) : null
  if (!read.success || found === null) return done
  try {
    for (const ref of read.data.refs) {
      const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1]
      if (branch === undefined) continue
      const pull = await findPullRequest(forge, found, branch, signal)
      if (pull === null) continue
      const posted = await putComment(forge, pull, MARK, textOf(event.at, read.data), signal)
      if (!posted.ok) return posted
    }
    return done
  } catch (error) {
    if (error instanceof ForgeFailed) return error.posted
    throw error
  }
}

/** `owner/name` on this forge; null: on another, or none that has pull requests. */
function placeIn(remote: string, { url }: Forge): string | null {
  const slash = remote.indexOf('/')
  const repo = remote.slice(slash + 1)
  const isOfTwo = /^[^/]+\/[^/]+$/.test(repo)
  return isOfTwo && remote.slice(0, slash) === url.hostname.toLowerCase() ? repo : null
}

export function textOf(at: string, { agent, files, files_total: total }: Refused): string {
  const shown = files.slice(0, FILES_MAX)
  const more = total - shown.length
  const [first] = files
  const next =
    first === undefined
      ? []
      : [
          '',
          `Next: ${code(`skein request ${first.claim} --reason TEXT`)} asks the holder to give way, ${code(`skein why ${first.claim}`)} tells what it is held for.`,
        ]
  return [
    MARK,
    `**skein refused a push of this branch** by ${code(agent)} at ${at}: others hold what it changes.`,
    '',
    ...shown.map(lineOf),
    ...(more > 0 ? [`- and ${String(more)} more`] : []),
    ...next,
  ].join('\n')
}

function lineOf({ path, symbols, ...by }: Refused['files'][number]): string {
  const what = symbols.length === 0 ? '' : ` (${symbols.map(code).join(', ')})`
  const fence = by.fence === null ? '' : `, fence ${String(by.fence)}`
  const until = by.until === null ? '' : ` until ${by.until}`
  return `- ${code(path)}${what} is held by ${code(by.holder)} on ${code(by.holder_machine)}${until} (${code(by.claim)}${fence})`
}

/** A code span (CommonMark 6.1): its fence is longer than any run of backticks in it. */
function code(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ').trim() || '?'
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${plain}${pad}${fence}`
}
