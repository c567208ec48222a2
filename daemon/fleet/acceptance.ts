// May a worker start here? This machine's own word, in config.yml alone: who else may dispatch to it, in which repositories, and with
// which programs. Asked before a task is assigned, and again before anything is started.
import { SkeinError, type PeerId, type RepoId } from '../../protocol/index.ts'
import type { Config } from '../config.ts'
import { findLauncher, launcherNames } from './launchers.ts'
import type { Launcher } from './launchers/launcher.ts'

export interface Dispatch {
  readonly repo: RepoId
  readonly launcher: string
  /** Who dispatches. */
  readonly peer: PeerId
  /** Its name as the mesh has it. */
  readonly machine: string
}

const WORKERS_MAX = 4

export function mostWorkers({ fleet }: Pick<Config, 'fleet'>): number {
  return fleet.max_workers ?? WORKERS_MAX
}

/** @throws SkeinError ASSIGNMENT_REFUSED */
export function acceptDispatch(
  config: Pick<Config, 'fleet'>,
  self: PeerId,
  { repo, launcher, peer, machine }: Dispatch,
): Launcher {
  const { accept = [], repos = [] } = config.fleet
  const isOwn = peer === self
  if (!isOwn && !accept.includes(machine) && !accept.includes(peer))
    throw refused(
      `it takes no workers from ${machine}`,
      `On that machine: put ${machine} under fleet.accept in config.yml, then skein down && skein up --background`,
    )
  if (!isOwn && !repos.includes(repo))
    throw refused(
      `it takes no workers from others in ${repo}`,
      `On that machine: put ${repo} under fleet.repos in config.yml, then skein down && skein up --background`,
    )
  if (mostWorkers(config) === 0) throw refused('it takes no workers: fleet.max_workers is 0')
  const found = findLauncher(config, launcher)
  if (found !== null) return found
  const known = launcherNames(config).join(', ')
  throw refused(
    `it has no launcher '${launcher}'; it has ${known}`,
    'Name one of them with --launcher, or add it under fleet.launchers in its config.yml.',
  )
}

function refused(message: string, hint?: string): SkeinError {
  return new SkeinError('ASSIGNMENT_REFUSED', message, hint === undefined ? {} : { hint })
}
