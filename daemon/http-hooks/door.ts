// What the HTTP door asks about hooks: whose pass it is, and what a hook's process would have decided.
import os from 'node:os'
import type { HookDoor } from '../api/hook-routes.ts'
import { judgeOffline } from '../guard/offline.ts'
import type { Clock } from '../ports.ts'
import { findPass } from './passes.ts'
import { openProofs } from './proofs.ts'

export interface OpenHookDoor extends HookDoor {
  readonly close: () => void
}

export function openHookDoor(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  clock: Pick<Clock, 'wall'>,
): OpenHookDoor {
  const proofs = openProofs(home, process.pid)
  return {
    user: userName(env),
    passOf: (bearer) => findPass(home, bearer)?.id ?? null,
    noteAnswered: proofs.note,
    judgeOffline: (input) => judgeOffline(home, { ...input }, env, clock.wall()),
    close: proofs.close,
  }
}

/** As a hook's process would say it. */
function userName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return os.userInfo().username
  } catch {
    return env['USER'] ?? `uid-${String(process.getuid?.() ?? 0)}`
  }
}
