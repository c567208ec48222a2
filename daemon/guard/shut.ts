// Files that the repository lets nobody write: refused whatever else is known of them, also where a command takes so many files
// that they are not claimed.
import { escapePath, type HookVerdict, type Party } from '../../protocol/index.ts'
import { failureOf } from '../core/policy/refuse.ts'
import { protectedBy, protectedIn, type Forbidding } from '../core/policy/rules.ts'
import { failureError } from '../failure.ts'
import type { Parts } from '../operations/context.ts'
import type { RepoAt } from '../repos.ts'
import { recordWritten } from './record.ts'
import type { Target } from './targets.ts'

interface Group extends RepoAt {
  readonly targets: readonly Target[]
}

interface Judged {
  readonly refusal: HookVerdict | null
  /** What is not protected, and judged further. */
  readonly open: readonly Target[]
  readonly notes: readonly string[]
}

/** @param asked with the reason why a person goes past it, which is recorded. */
export function judgeShut(
  parts: Parts,
  { bypass }: { readonly bypass: string | null },
  { repo, targets }: Group,
  party: Party,
): Judged {
  const open: Target[] = []
  const notes: string[] = []
  for (const target of targets) {
    const ruling = rulingOn(repo, target)
    if (ruling === null) {
      open.push(target)
      continue
    }
    const { message, hint } = failureError(failureOf(ruling))
    if (bypass === null) return { refusal: deny(`skein: ${message} ${hint}`), open: [], notes: [] }
    const { file: path } = target
    recordWritten(parts, repo, party, { ...BYPASSED, path, reason: bypass })
    notes.push(`skein: ${message} Written all the same by SKEIN_BYPASS, which is recorded.`)
  }
  return { refusal: null, open, notes: notes.slice(0, NOTES_MAX) }
}

const BYPASSED = { kind: 'guard.bypassed', holder: null } as const
const NOTES_MAX = 3

function rulingOn({ host }: RepoAt['repo'], { file, isFolder }: Target): Forbidding | null {
  if (host === null) return null
  const view = host.loop.view()
  const pattern = file === '' ? '**' : escapePath(file) + (isFolder ? '/' : '')
  const scope = { kind: 'file', pattern, symbols: [], mode: 'exclusive' } as const
  // A path may be longer than a pattern, and a folder is more than its path.
  if (isFolder) return protectedIn(view, [scope])
  const rule = protectedBy(view, file)
  return rule === null ? null : { kind: 'protected', scope, pattern: rule }
}

function deny(reason: string): HookVerdict {
  return { decision: 'deny', reason, notes: [] }
}
