// How a hook comes to its verdict, once the daemon was asked: it may stay and ask again, and where the question failed it says
// what that means for the call. One for a hook's process and for the route that hooks post to, so that both judge alike.
import { SkeinError, type HookVerdict, type OperationResult } from '../../protocol/index.ts'
import { staySeconds, type Patience } from './hook-patience.ts'

type Judged = OperationResult<'guard'>

export const ALLOWED: HookVerdict = { decision: 'allow', reason: '', notes: [] }

/**
 * Waits with a second call where the first says that there is something to wait for: so a daemon that answers nothing keeps
 * no harness waiting. What has to be told once was told to the first. `null`: the first verdict stands.
 */
export async function stayFor(
  first: Judged,
  patience: Patience,
  askAgain: (more: { readonly wait_s: number }) => Promise<Judged>,
): Promise<HookVerdict | null> {
  const seconds = staySeconds(first, patience)
  if (seconds === 0) return null
  try {
    const { decision, reason, notes } = await askAgain({ wait_s: seconds })
    return { decision, reason, notes: [...first.notes, ...notes] }
  } catch (error) {
    // It was refused, and nothing else is known.
    if (error instanceof SkeinError) return null
    throw error
  }
}

/** @param offline where nobody can be asked, the repository's policy says. */
export async function verdictOn(
  error: SkeinError,
  offline: () => Promise<HookVerdict>,
): Promise<HookVerdict> {
  if (error.exit === 2) return offline()
  if (error.code === 'INPUT_SIZE') {
    const reason = `skein: ${error.message} Make it in smaller steps.`
    return { decision: 'deny', reason, notes: [] }
  }
  return unjudged(error.message)
}

/** What cannot be judged goes on, and never without a word. */
export function unjudged(why: string): HookVerdict {
  return { ...ALLOWED, notes: [`skein: this was not judged: ${why}`] }
}

/** What the person should know of SKEIN_WAIT, before the rest; empty where it says a time. */
export function oddNotes({ odd }: Patience): readonly string[] {
  return odd === null ? [] : [`skein: SKEIN_WAIT says \`${odd}\`, which is no time.`]
}
