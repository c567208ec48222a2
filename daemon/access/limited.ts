// What the bearer of a token may do: only what agents do, only in its repositories, and only as itself. Stands before every
// operation, so that no door has to know of it.
import { OPERATIONS, SkeinError, type OperationName } from '../../protocol/index.ts'
import {
  sessionOfToken,
  type CallContext,
  type Grant,
  type Operations,
} from '../client/operations.ts'

type Fields = Readonly<Record<string, unknown>>

/** What tells of this machine and of its doors. */
const OF_THE_HOME: ReadonlySet<OperationName> = new Set([
  'tokens/list',
  'webhooks/list',
  'config',
  // Kept work is of the clones of this machine, whoever wrote it.
  'wip/list',
  'wip/show',
  'wip/restore',
  // They start and end programs of machines, and tell what those print.
  'assign',
  'stop',
  'log',
  // Its payload names files of this machine.
  'guard',
])
/** Of operations that speak of no single repository, what the bearer of a token for some of them may ask. */
const HARMLESS: ReadonlySet<OperationName> = new Set(['status'])

/** The same operations, of which the bearer of a token sees its part. */
export function withGrants(operations: Operations): Operations {
  return {
    watch: (listener) => operations.watch(listener),
    async call(name, input, context) {
      const { grant } = context.caller
      if (grant === undefined) return operations.call(name, input, context)
      const result = await operations.call(name, limit(name, input, grant, context), context)
      return name === 'status' ? statusFor(result, grant) : result
    },
    // Awaited, so that what is refused is a rejection and not thrown.
    async follow(input, context) {
      const { grant } = context.caller
      return operations.follow(
        grant === undefined ? input : limit('events', input, grant, context),
        context,
      )
    },
  }
}

/** @throws SkeinError FORBIDDEN */
function limit(name: OperationName, input: unknown, grant: Grant, context: CallContext): unknown {
  // What is no object is refused where inputs are read.
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  // A name that there is not, too.
  const spec = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : null
  if (spec === null) return input
  if (grant.web !== undefined) return limitPage(name, input as Fields, grant, grant.web.mayAct)
  if (spec.class !== 'agent' || OF_THE_HOME.has(name))
    throw refused(grant, `\`${name}\` is for a person with the home's own token`)
  return {
    ...input,
    ...asItself(name, input as Fields, grant, context),
    ...inRepo(name, input as Fields, grant, context),
  }
}

/** What the browser's board calls. A page that somebody took over can do no more than that. */
const READ_BY_PAGES: ReadonlySet<OperationName> = new Set([
  'claims',
  'queue',
  'requests',
  'hotspots',
  'events',
  'why',
  'status',
  'members',
  'peers',
  'leader',
  // Of the person's own machines: a page has its login from one of them.
  'workers',
  'log',
])
const DONE_BY_PAGES: ReadonlySet<OperationName> = new Set([
  'release',
  'cancel',
  'respond',
  'stop',
  'resume-stuck',
  'approve',
])

/** Whoever sits before the page acts as itself, or answers in the name of a session of this machine. */
function limitPage(name: OperationName, input: Fields, grant: Grant, mayAct: boolean): Fields {
  const isAct = DONE_BY_PAGES.has(name)
  if (!isAct && !READ_BY_PAGES.has(name))
    throw new SkeinError('FORBIDDEN', `The browser's board does not call \`${name}\`.`)
  if (isAct && !mayAct) {
    throw new SkeinError('FORBIDDEN_PERSON', 'This page was opened without a terminal: it shows.', {
      hint: 'Run `skein web` in a terminal.',
    })
  }
  const { agent = grant.agent, session = `web:${grant.name}` } = input
  return { ...input, ...{ agent, session, caller: {}, cwd: undefined, checkout: undefined } }
}

function asItself(
  operation: OperationName,
  input: Fields,
  { name, agent }: Grant,
  { caller }: CallContext,
): Fields {
  const given = input['agent'] ?? caller.agent
  if (given !== undefined && given !== agent)
    throw refused({ name }, `it acts as ${agent}, not as another`)
  const session = input['session'] ?? caller.session ?? 'default'
  const ofSession = operation === 'release' ? input['of_session'] : undefined
  return {
    agent,
    ...(typeof session === 'string' ? { session: sessionOfToken(name, session) } : {}),
    ...(typeof ofSession === 'string' ? { of_session: sessionOfToken(name, ofSession) } : {}),
  }
}

function inRepo(name: OperationName, input: Fields, grant: Grant, { caller }: CallContext): Fields {
  const { repos } = grant
  if (repos === null) return {}
  const { ofRepo } = OPERATIONS[name]
  if (!ofRepo && !HARMLESS.has(name)) throw refused(grant, `\`${name}\` speaks of every repository`)
  if (input['all_repos'] === true) throw refused(grant, 'it speaks of its repositories only')
  if (!ofRepo) return {}
  const [only] = repos
  const repo = input['repo'] ?? caller.repo ?? (repos.length === 1 ? only : undefined)
  if (repo === undefined) {
    throw new SkeinError('REPO_UNKNOWN', 'the call does not say which repository it means', {
      hint: 'Pass `repo`.',
      data: { enrolled: repos },
    })
  }
  if (typeof repo !== 'string' || !repos.includes(repo))
    throw refused(grant, `it is for ${repos.join(', ')} only`)
  // A folder of this machine would name another.
  return { repo, cwd: undefined, checkout: undefined }
}

function statusFor(result: unknown, { repos }: Grant): unknown {
  if (repos === null || typeof result !== 'object' || result === null || !('repos' in result))
    return result
  const all = Array.isArray(result.repos) ? (result.repos as { readonly id: string }[]) : []
  return { ...result, repos: all.filter(({ id }) => repos.includes(id)) }
}

function refused({ name }: Pick<Grant, 'name'>, why: string): SkeinError {
  return new SkeinError('FORBIDDEN', `The token ${name} may not do this: ${why}.`, {
    hint: 'skein tokens list shows what it may.',
  })
}
