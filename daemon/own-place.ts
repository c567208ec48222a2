// Where the daemon itself stands when it does on its own what people do by calls: in a clone of the repository, by a name of its own.
import path from 'node:path'
import type { Place } from './callers.ts'
import type { CallContext } from './client/operations.ts'
import type { Parts } from './operations/context.ts'
import type { Repo } from './repos.ts'

export interface OwnPlace {
  readonly place: Place
  readonly context: CallContext
  /** The fields of its calls. */
  readonly caller: { readonly cwd: string; readonly session: string; readonly agent: string }
}

/** Null without a clone; a worker's worktree is none. */
export async function ownPlace(
  parts: Pick<Parts, 'callers' | 'about'>,
  { checkouts }: Pick<Repo, 'checkouts'>,
  name: string,
  signal: AbortSignal,
): Promise<OwnPlace | null> {
  const workers = path.join(parts.about.home, 'worktrees') + path.sep
  const cwd = checkouts.find((root) => !root.startsWith(workers))
  if (cwd === undefined) return null
  const caller = { cwd, session: name, agent: name }
  const context: CallContext = { door: 'socket', signal, caller }
  return { place: await parts.callers.place(caller, context), context, caller }
}
