// What this machine tells of itself to whoever plans: what it can build with, which launchers start, how many workers more it takes,
// and which clones are behind.
import path from 'node:path'
import { isAssignmentOver, SkeinError, type PeerId, type RepoId } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { Config } from '../config.ts'
import type { Checkout, Git } from '../git.ts'
import type { History } from '../git-history.ts'
import type { Facts, MachineFacts } from '../ports-facts.ts'
import type { Repo, Repos } from '../repos.ts'
import type { Probe, Probes } from './probes.ts'

export interface FactsOptions {
  readonly home: string
  readonly self: PeerId
  readonly config: Pick<Config, 'capabilities'>
  readonly repos: Pick<Repos, 'all'>
  readonly git: Pick<Git, 'findCheckout'>
  readonly history: Pick<History, 'trunk' | 'newerOn'>
  readonly probes: Probes
  /** The fleet's own words. */
  readonly launchers: () => readonly { readonly name: string; readonly command: string }[]
  readonly workersMax: () => number
  /** Null: it would take one. */
  readonly refusal: (from: PeerId, repo: RepoId) => string | null
  readonly quiet: () => string | null
  readonly ask: Facts['ask']
}

export function createFacts(options: FactsOptions): Facts {
  return {
    ask: options.ask,
    async of(from, repo, dependsOn) {
      const [{ capabilities, doubts }, stale] = await Promise.all([
        capabilitiesOf(options),
        staleOf(options, dependsOn),
      ])
      const workersMax = options.workersMax()
      const facts: MachineFacts = {
        ...{ capabilities, doubts, stale, workersMax },
        launchers: options.launchers().map(({ name, command }) => ({
          ...{ name, isThere: options.probes.isProgram(command) },
        })),
        free: Math.max(0, workersMax - busyOf(options)),
        refusal: options.refusal(from, repo),
        quiet: options.quiet(),
      }
      return facts
    },
  }
}

async function capabilitiesOf({ config, probes }: FactsOptions) {
  const found = await probes.all()
  return mergeCapabilities(config.capabilities, found)
}

/** What was looked for and is not there is no capability, whatever config.yml says. */
export function mergeCapabilities(
  declared: readonly string[],
  found: ReadonlyMap<string, Probe>,
): Pick<MachineFacts, 'capabilities' | 'doubts'> {
  const there = [...found].filter(([, { kind }]) => kind === 'there').map(([name]) => name)
  const failed = declared.flatMap((name) => {
    const probe = found.get(name)
    return probe?.kind === 'failed' ? [{ name, why: probe.why }] : []
  })
  const isFailed = (name: string): boolean => failed.some((each) => each.name === name)
  const all = [...declared.filter((name) => !isFailed(name)), ...there]
  return {
    capabilities: [...new Set(all)].sort(),
    doubts: failed.map(({ name, why }) => clean(`${name} is declared and not there: ${why}`)),
  }
}

/** Those that wait for a person take no slot. */
function busyOf({ repos, self }: FactsOptions): number {
  const all = repos
    .all()
    .flatMap(({ host }) => [...(host?.loop.view().state.assignments.values() ?? [])])
  return all.filter(
    ({ peer, state }) => peer === self && !isAssignmentOver(state) && state !== 'waiting',
  ).length
}

async function staleOf(
  options: FactsOptions,
  dependsOn: readonly RepoId[],
): Promise<readonly RepoId[]> {
  const stale = await Promise.all(
    dependsOn.map(async (id) => {
      const repo = options.repos.all().find((each) => each.id === id)
      return repo !== undefined && (await isBehind(options, repo)) ? [id] : []
    }),
  )
  return stale.flat()
}

async function isBehind(options: FactsOptions, repo: Repo): Promise<boolean> {
  const { git, history, home } = options
  const own = path.join(home, 'worktrees') + path.sep
  const root = repo.checkouts.find((each) => !each.startsWith(own))
  try {
    const checkout: Checkout | null = root === undefined ? null : await git.findCheckout(root)
    const trunk = checkout && (await history.trunk(checkout, repo.config.default_branch))
    if (checkout === null || trunk?.remote == null) return false
    return (await history.newerOn(checkout, trunk.remote, '.')) !== null
  } catch (error) {
    // A clone that cannot be read says nothing of its age.
    if (error instanceof SkeinError) return false
    throw error
  }
}
