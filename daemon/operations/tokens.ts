// The operations about tokens beside the home's own.
import {
  asRepoId,
  SkeinError,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import type { TokenFacts } from '../access/tokens.ts'
import { cleanName } from '../callers.ts'
import { requirePerson, type Handler, type Parts } from './context.ts'

const LIFE_S = 90 * 86_400
const GRACE_S = 86_400

export const tokensCreate: Handler<OperationInput<'tokens/create'>> = (parts, input, context) => {
  requirePerson(parts, input, context)
  const { name, acts_as: actsAs, repos = null } = input
  requireKnown(parts, repos ?? [])
  const token = parts.accessTokens.create({
    name,
    agent: cleanName(actsAs ?? name, 'the name of the agent'),
    repos,
    lifeMs: (input.ttl_s ?? LIFE_S) * 1000,
  })
  const result: OperationResult<'tokens/create'> = { ...factsOf(parts, name), token }
  return Promise.resolve(result)
}

export const tokensList: Handler<OperationInput<'tokens/list'>> = ({ accessTokens, clock }) => {
  const now = clock.wall()
  const result: OperationResult<'tokens/list'> = {
    tokens: accessTokens.list().map((token) => ({
      ...shown(token),
      created_at: token.createdAt,
      used_at: token.usedAt,
      old_until: token.oldUntil,
      ended: Date.parse(token.expiresAt) <= now,
    })),
  }
  return Promise.resolve(result)
}

export const tokensRotate: Handler<OperationInput<'tokens/rotate'>> = (parts, input, context) => {
  requirePerson(parts, input, context)
  const token = parts.accessTokens.rotate(input.name, (input.grace_s ?? GRACE_S) * 1000)
  const old = parts.accessTokens.list().find(({ name }) => name === input.name)?.oldUntil ?? null
  const result: OperationResult<'tokens/rotate'> = {
    ...factsOf(parts, input.name),
    token,
    old_until: old,
  }
  return Promise.resolve(result)
}

export const tokensRevoke: Handler<OperationInput<'tokens/revoke'>> = (parts, input, context) => {
  requirePerson(parts, input, context)
  parts.accessTokens.revoke(input.name)
  return Promise.resolve({ name: input.name } satisfies OperationResult<'tokens/revoke'>)
}

/** A misspelt one would give a token that opens nothing. @throws SkeinError REPO_NOT_ENROLLED */
function requireKnown({ repos }: Parts, ids: readonly string[]): void {
  for (const id of ids) repos.get(asRepoId(id))
}

function factsOf({ accessTokens }: Parts, name: string): ReturnType<typeof shown> {
  const token = accessTokens.list().find((each) => each.name === name)
  if (token === undefined) throw new SkeinError('NOT_FOUND', `No token is called ${name}.`)
  return shown(token)
}

function shown({ name, agent, repos, expiresAt }: TokenFacts) {
  return {
    name,
    acts_as: agent,
    repos: repos === null ? null : [...repos],
    expires_at: expiresAt,
  }
}
