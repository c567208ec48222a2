// `skein candidates NAMING -- WORD…`: what there is for a word to name, a line each: the word, a tab, what it is. A shell asks
// while somebody types, so it is quick or says nothing: it fails with no words, starts no daemon, and is no sign of life.
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { identifyCaller } from '../../client/caller.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Io } from '../io.ts'
import type { LocalCommand } from '../machine.ts'
import { scopeName } from '../output/scope.ts'
import { cleanAll } from '../output/text.ts'
import { fit } from '../output/width.ts'
import { relative } from '../output/time.ts'

/** Longer, and a person takes the shell for stuck. */
const CALL_MS_MAX = 1_000
/** A list nobody reads. */
const CANDIDATES_MAX = 200
const HELP_WIDTH = 60

export const run: LocalCommand = async ({ fields }, io) => {
  const [naming = '', , ...line] = textsOf(fields['words'])
  // The last word is the one that is being typed: it says nothing yet.
  const typed = line.slice(0, -1)
  const find = FINDERS[naming]
  if (find === undefined) return 0
  try {
    const found = await find(createAsker(typed, io))
    const lines = found.filter(([word]) => !typed.includes(word)).map(lineOf)
    io.stdout.write([...new Set(lines)].slice(0, CANDIDATES_MAX).join(''))
  } catch {
    // No daemon, no repository here, no answer in time: there is nothing to offer, and nobody to tell it to.
  }
  return 0
}

type Candidate = readonly [word: string, help: string]

interface Asker {
  readonly ask: <Name extends OperationName>(
    name: Name,
    input?: Readonly<Record<string, unknown>>,
  ) => Promise<OperationResult<Name>>
  readonly session: string
  readonly nowMs: number
  /** What is typed says that others' claims are meant, too. */
  readonly isForced: boolean
}

/** Asks without a session: who only looks is not at work. */
function createAsker(typed: readonly string[], io: Io): Asker {
  const { api: socket } = findSockets(homePath(io.env))
  const repo = valueOf('--repo', typed)
  const where = { ...(io.cwd === null ? {} : { cwd: io.cwd }), ...(repo === null ? {} : { repo }) }
  const given = valueOf('--session', typed) ?? undefined
  const caller = identifyCaller({ agent: undefined, session: given, env: io.env })
  return {
    ask: async (name, input = {}) => {
      const options = { socket, timeoutMs: CALL_MS_MAX, signal: io.interrupted }
      // The daemon makes its results by the schemas that the types are read from.
      return cleanAll(await callOperation(name, { ...where, ...input }, options)) as never
    },
    session: caller.session,
    nowMs: io.now(),
    isForced: typed.includes('--force'),
  }
}

const FINDERS: Readonly<Partial<Record<string, (asker: Asker) => Promise<readonly Candidate[]>>>> =
  {
    claim: (asker) => claims(asker, () => true),
    'own-claim': (asker) => claims(asker, (isOwn) => isOwn || asker.isForced),
    'other-claim': (asker) => claims(asker, (isOwn) => !isOwn),
    place: (asker) => queuePlaces(asker, () => true),
    'own-place': (asker) => queuePlaces(asker, (isOwn) => isOwn),
    request: async ({ ask, nowMs }) => {
      const { requests } = await ask('requests')
      return requests.map((one) => [one.id, `${one.decision}, ${requestHelp(one, nowMs)}`])
    },
    'asked-request': async ({ ask, session, nowMs }) => {
      // With the session as a filter it is no sign of life.
      const { requests } = await ask('inbox', { of_session: session })
      return requests.map((one) => [one.id, requestHelp(one, nowMs)])
    },
    approval: async ({ ask }) => {
      const { approvals } = await ask('owners/requests')
      return approvals.map(({ id, state, agent, patterns }) => {
        return [id, `${state}: ${agent}, ${patterns.join(', ')}`]
      })
    },
    'kept-work': async ({ ask, nowMs }) => {
      const { kept } = await ask('wip/list')
      return kept.map(({ id, kept_at: at, files }) => {
        return [id, `${relative(at, nowMs)}: ${files.join(', ')}`]
      })
    },
    invitation: async ({ ask, nowMs }) => {
      const { invitations } = await ask('invitations')
      return invitations.map(({ id, role, expires_at: end }) => [
        id,
        `${role}, ends ${relative(end, nowMs)}`,
      ])
    },
    machine: async ({ ask }) => {
      const members = await ask('members')
      return members.map(({ machine, role, online }) => [
        machine,
        online ? role : `${role}, not reached`,
      ])
    },
    assignment: async ({ ask }) => {
      const { workers } = await ask('workers')
      return workers.map(({ id, state, task, machine }) => [id, `${state}: ${task} on ${machine}`])
    },
    repository: async ({ ask }) => {
      const { repos } = await ask('status')
      return repos.map(({ id, claims: live }) => [id, `${String(live)} live`])
    },
    task: async ({ ask }) => {
      const { tasks } = await ask('task/list')
      return tasks.map(({ id, state, name }) => [id, `${state}: ${name}`])
    },
    token: async ({ ask }) => {
      const { tokens } = await ask('tokens/list')
      return tokens.map(({ name, acts_as: agent }) => [name, `acts as ${agent}`])
    },
    webhook: async ({ ask }) => {
      const { webhooks } = await ask('webhooks/list')
      return webhooks.map(({ name, url }) => [name, url])
    },
    session: holders('session'),
    agent: holders('agent'),
  }

async function claims(
  { ask, session, nowMs }: Asker,
  wants: (isOwn: boolean) => boolean,
): Promise<readonly Candidate[]> {
  const { claims: live } = await ask('claims', { limit: CANDIDATES_MAX })
  return live
    .filter((claim) => wants(claim.session === session))
    .map((claim) => {
      const whose = claim.session === session ? '' : `${claim.agent}, `
      return [claim.id, `${scopeName(claim)}: ${whose}ends ${relative(claim.expires_at, nowMs)}`]
    })
}

async function queuePlaces(
  { ask, session }: Asker,
  wants: (isOwn: boolean) => boolean,
): Promise<readonly Candidate[]> {
  const { entries } = await ask('queue')
  return entries
    .filter((entry) => wants(entry.session === session))
    .map((entry) => [entry.id, `${entry.scopes.map(scopeName).join(', ')}: ${entry.agent}`])
}

function holders(field: 'agent' | 'session'): (asker: Asker) => Promise<readonly Candidate[]> {
  return async ({ ask }) => {
    const { claims: live } = await ask('claims', { limit: CANDIDATES_MAX })
    const others = { agent: 'session', session: 'agent' } as const
    return live.map((claim) => [claim[field], claim[others[field]]])
  }
}

function requestHelp(
  request: OperationResult<'requests'>['requests'][number],
  nowMs: number,
): string {
  const { requester, pattern, claim, filed_at: at } = request
  return `${requester} wants ${pattern ?? claim}, ${relative(at, nowMs)}`
}

function lineOf([word, help]: Candidate): string {
  return `${word}\t${fit(help, HELP_WIDTH)}\n`
}

function valueOf(flag: string, words: readonly string[]): string | null {
  const at = words.indexOf(flag)
  if (at >= 0) return words[at + 1] ?? null
  const attached = words.find((word) => word.startsWith(`${flag}=`))
  return attached?.slice(flag.length + 1) ?? null
}

function textsOf(words: unknown): readonly string[] {
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string') : []
}
