// Questions to the daemon from a process that git started: who asks is the session that started git.
import { LIMITS, type OperationName, type OperationResult } from '../../protocol/index.ts'
import { callOperation } from '../client/call.ts'
import { identifyCaller } from '../client/caller.ts'
import { findSockets, homePath } from '../client/place.ts'

export interface Asking {
  readonly session: string
  /** Null for a default name, which is nobody's but the session's. */
  readonly agent: string | null
  /** Why what is protected shall go on all the same, where the caller said so. */
  readonly bypass: { readonly bypass?: string }
  /** @throws SkeinError as the daemon answers it, or DAEMON_DOWN. */
  ask<Name extends OperationName>(name: Name, input: object): Promise<OperationResult<Name>>
}

/** The daemon answers in five seconds; the rest is for its first look at a repository. */
const ASK_MS_MAX = 8_000

export function createAsking(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Asking {
  const caller = identifyCaller({ env })
  const reason = env['SKEIN_BYPASS']?.slice(0, LIMITS.descriptionCharactersMax) ?? ''
  const fields = {
    cwd,
    ...(caller.agent === null ? {} : { agent: caller.agent }),
    session: caller.session,
    caller: { user: caller.user, tool: caller.tool, ...(caller.process ?? {}) },
  }
  return {
    session: caller.session,
    agent: caller.agent,
    bypass: reason === '' ? {} : { bypass: reason },
    async ask<Name extends OperationName>(name: Name, input: object) {
      const socket = findSockets(homePath(env)).api
      const options = { socket, timeoutMs: ASK_MS_MAX }
      const answer = await callOperation(name, { ...fields, ...input }, options)
      return answer as OperationResult<Name>
    },
  }
}
