// Which resources there are: the board, the claims and the queue of each enrolled repository, and the caller's own inbox.
import type {
  CompleteResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
} from '@modelcontextprotocol/server'
import type { CallOperation } from '../client.ts'
import { cleanText } from '../text.ts'
import { enrolled } from './read.ts'
import { TEMPLATES, uriOf, type Resource } from './uri.ts'

const JSON_TYPE = 'application/json'
const REPOS_MAX = 100
/** Of the protocol. */
const COMPLETIONS_MAX = 100

const ABOUT = {
  board: 'All repositories at a glance: leader, quorum, who holds what, who waits.',
  claims: 'Who holds what in this repository now.',
  queue: 'Who waits for what in this repository.',
  inbox: 'What others ask of this session, and where it waits.',
} as const

export async function listResources(
  call: CallOperation,
  session: string | undefined,
): Promise<ListResourcesResult> {
  const repos = (await enrolled(call)).slice(0, REPOS_MAX)
  const all: readonly (readonly [Resource, string])[] = [
    [{ kind: 'board' }, 'board'],
    ...repos.flatMap((repo): [Resource, string][] => [
      [{ kind: 'claims', repo }, `claims of ${repo}`],
      [{ kind: 'queue', repo }, `queue of ${repo}`],
    ]),
    ...(session === undefined ? [] : [[{ kind: 'inbox', session }, 'inbox'] as const]),
  ]
  return {
    resources: all.map(([resource, name]) => ({
      uri: uriOf(resource),
      name: cleanText(name),
      description: ABOUT[resource.kind],
      mimeType: JSON_TYPE,
    })),
  }
}

export const RESOURCE_TEMPLATES: ListResourceTemplatesResult = {
  resourceTemplates: (['claims', 'queue', 'inbox'] as const).map((name) => ({
    uriTemplate: TEMPLATES[name],
    name,
    description: ABOUT[name],
    mimeType: JSON_TYPE,
  })),
}

/** Values of a variable in a template that begin like this. */
export async function completeVariable(
  variable: string,
  begun: string,
  call: CallOperation,
  session: string | undefined,
): Promise<CompleteResult> {
  const own = session === undefined ? [] : [session]
  const known = variable === 'repo' ? await enrolled(call) : variable === 'session' ? own : []
  const values = known.filter((value) => value.startsWith(begun))
  return {
    completion: {
      values: values.slice(0, COMPLETIONS_MAX),
      total: values.length,
      hasMore: values.length > COMPLETIONS_MAX,
    },
  }
}
