// What the guard does about declarations that an edit renames: it keeps the file as it was before, and afterwards lets the
// session's claims follow. What could not be followed is told to both sides.
import { isSameParty } from '../../protocol/index.ts'
import { conflictJson } from '../json.ts'
import { claimContext, type Parts } from '../operations/context.ts'
import { followRenames, readNow, symbolClaims, type Followed } from '../refactor/follow.ts'
import { unlookedLine } from '../refactor/unfollowed.ts'
import { hostOf, type RepoAt } from '../repos.ts'
import { callAt, placeAt, type HookCaller } from './caller.ts'
import type { KeptFile } from './kept.ts'
import { recordWritten } from './record.ts'
import type { Target } from './targets.ts'
import { listed } from './words.ts'

/** Files of one act; more is no careful rename. */
const FILES_MAX = 20

/** Before a tool writes: only files are kept of which the session holds declarations. */
export async function keepBefore(
  parts: Parts,
  caller: HookCaller,
  targets: readonly Target[],
): Promise<void> {
  const files: KeptFile[] = []
  for (const { repo, checkout, config, file, isFolder } of targets) {
    if (isFolder || files.length >= FILES_MAX) continue
    const at = { repo, checkout, config }
    const party = await partyAt(parts, caller, at)
    if (symbolClaims(hostOf(repo).loop.view(), party, file).length === 0) continue
    files.push({ at, file, bytes: await readNow(checkout, file) })
  }
  parts.guard.kept.keep(caller.session, files)
}

/** After it has written. @returns lines for the model */
export async function followWritten(
  parts: Parts,
  caller: HookCaller,
  others: readonly KeptFile[],
): Promise<readonly string[]> {
  const kept = [...parts.guard.kept.take(caller.session), ...others]
  const roots = new Set(kept.map(({ at }) => at.checkout.root))
  const notes = await Promise.all(
    [...roots].map((root) => {
      const there = kept.filter(({ at }) => at.checkout.root === root)
      return followIn(parts, caller, there)
    }),
  )
  return notes.flat()
}

/** Files of one checkout. */
async function followIn(
  parts: Parts,
  caller: HookCaller,
  kept: readonly KeptFile[],
): Promise<readonly string[]> {
  const [first] = kept
  if (first === undefined) return []
  const { at } = first
  const party = await partyAt(parts, caller, at)
  const { followed, unlooked } = await followRenames(
    parts,
    hostOf(at.repo),
    at.checkout,
    party,
    kept,
  )
  return [
    ...followed.map((one) => tell(parts, at, one)),
    ...unlookedLine(unlooked).map((line) => `skein: ${line}`),
  ]
}

function partyAt(
  parts: Parts,
  caller: HookCaller,
  at: RepoAt,
): ReturnType<Parts['callers']['party']> {
  return parts.callers.party(callAt(caller, at), caller.context, placeAt(at))
}

function tell(parts: Parts, at: RepoAt, followed: Followed): string {
  const { claim, renamed } = followed
  const what = listed(renamed.map(({ from, to }) => `${from} is called ${to} now`))
  const where = `skein: ${what} in ${claim.pattern}`
  switch (followed.kind) {
    case 'followed':
      return `${where}, and your claim ${claim.id} names both.`
    case 'late':
      return `${where}; no majority has answered yet whether your claim ${claim.id} may name both.`
    case 'failed':
      return `${where}, and your claim could not follow: ${followed.error.message}.`
    case 'refused': {
      const told = claimContext(parts, at)
      for (const met of followed.conflicts) {
        const holder = conflictJson(told, met).claim
        const reason = `${what}, which is a name that this claim has`
        recordWritten(parts, at.repo, claim, {
          ...{ kind: 'guard.leaked', path: claim.pattern, holder, reason },
        })
      }
      const [met] = followed.conflicts.filter(({ claim: held }) => !isSameParty(held, claim))
      const who = met === undefined ? 'others wait for' : `${met.claim.agent} holds`
      const ask = met === undefined ? '' : `, or ask: skein request ${met.claim.id} --reason TEXT`
      return `${where}, but ${who} that name: take another one${ask}.`
    }
  }
}
