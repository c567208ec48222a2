// The scenery of the demonstration: three machines in one temporary folder, that is three homes, three daemons, three clones of
// one repository; a mesh in which all three vote, wires between them that can be cut, and agents with a worktree each.
// Nothing else of this computer is touched: no home, no git configuration, no address but loopback.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SkeinError } from '../../../protocol/index.ts'
import type { Tell } from '../events.ts'
import { DemoAgent } from './agent.ts'
import { startMachine, type DemoMachine } from './machine.ts'
import { formMesh } from './mesh.ts'
import { gitWith, isolated, makeRepository, type Git } from './repository.ts'
import type { Environment } from '../../client/child.ts'
import { startSweeper, type Sweeper } from './sweeper.ts'
import { layWires, type Wires } from './wires.ts'

export interface Scenery {
  readonly folder: string
  readonly machines: readonly DemoMachine[]
  /** Ends everything that waits: the caller's own end, or that of a daemon. */
  readonly signal: AbortSignal
  machine(name: MachineName): DemoMachine
  agent(name: AgentName): DemoAgent
  /** This machine hears nobody and nobody hears it, until `heal`. */
  cutOff(machine: DemoMachine): void
  heal(): void
  /** Why everything was ended, where it was a daemon that ended. */
  lost(): SkeinError | null
  /** Stops the daemons; removes the folder, or leaves it for whoever wants to look. Idempotent. */
  close(options?: { readonly keep?: boolean }): Promise<void>
}

export interface SceneryOptions {
  /** Words that start this very program: the runtime, its options, the script. */
  readonly self: readonly string[]
  readonly env: Environment
  readonly signal: AbortSignal
  readonly tell: Tell
}

export const MACHINES = ['studio', 'laptop', 'tower'] as const
export type MachineName = (typeof MACHINES)[number]

const AGENTS = {
  studio: ['mara', 'omar', 'lena', 'ivan'],
  laptop: ['rosa', 'theo', 'june', 'finn'],
  tower: ['pia', 'hugo', 'nils', 'zoe'],
} as const satisfies Record<MachineName, readonly string[]>
export type AgentName = (typeof AGENTS)[MachineName][number]

/** @throws SkeinError REPO_NOT_GIT without git, DAEMON_FAILED, INTERRUPTED; then nothing is left behind. */
export async function openScenery(options: SceneryOptions): Promise<Scenery> {
  const site = await openSite(options)
  try {
    const { machines, wires, tell, signal } = site
    await makeRepository(
      site.git,
      site.folder,
      MACHINES.map((name) => path.join(site.folder, name, 'shop')),
    )
    const started = await Promise.allSettled(MACHINES.map((name) => raise(site, options, name)))
    for (const one of started) if (one.status === 'rejected') throw one.reason
    await formMesh({ machines, wires, tell, signal })
    const agents = await assemble(site, options)
    return {
      ...site,
      machine: (name) => found(machines, name),
      agent: (name) => found(agents, name),
      cutOff: ({ name }) => {
        wires.cutOff(name)
      },
      heal: () => {
        wires.mend()
      },
    }
  } catch (error) {
    await site.close()
    throw site.lost() ?? error
  }
}

interface Site extends Pick<Scenery, 'folder' | 'signal' | 'lost' | 'close'> {
  readonly machines: DemoMachine[]
  readonly wires: Wires
  readonly sweeper: Sweeper
  readonly env: Environment
  readonly git: Git
  readonly tell: Tell
  readonly lose: (error: SkeinError) => void
}

async function openSite(options: SceneryOptions): Promise<Site> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-demo-')))
  const sweeper = startSweeper(folder)
  const wires = await layWires(MACHINES)
  const machines: DemoMachine[] = []
  const breaking = new AbortController()
  const signal = AbortSignal.any([options.signal, breaking.signal])
  const env = isolated(withoutOurs(options.env, folder), 'demo')
  let lost: SkeinError | null = null
  let closing: Promise<void> | null = null
  const close = async (keep: boolean): Promise<void> => {
    breaking.abort()
    await Promise.all(machines.map((machine) => machine.stop()))
    wires.close()
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    sweeper.dismiss()
  }
  return {
    ...{ folder, signal, machines, wires, sweeper, env, tell: options.tell },
    git: gitWith(env, signal),
    lost: () => lost,
    lose: (error) => {
      lost ??= error
      breaking.abort()
    },
    close: ({ keep = false } = {}) => (closing ??= close(keep)),
  }
}

/** Whoever watches has a name, sessions, settings and a collector of spans of their own: none of them takes part. */
function withoutOurs(env: Environment, folder: string): Environment {
  const rest = Object.entries(env).filter(([name]) => !/^(?:SKEIN|GIT|OTEL)_/.test(name))
  const none = path.join(folder, 'no-settings')
  return { ...Object.fromEntries(rest), XDG_CONFIG_HOME: none, GIT_TEMPLATE_DIR: '' }
}

async function raise(site: Site, { self }: SceneryOptions, name: MachineName): Promise<void> {
  const { folder, wires, sweeper, signal, env, lose, tell } = site
  const machine = await startMachine({
    ...{ name, self, env, sweeper, signal, onLost: lose },
    home: path.join(folder, name, 'home'),
    clone: path.join(folder, name, 'shop'),
    dial: wires.dialledFrom(name),
  })
  site.machines.push(machine)
  site.machines.sort((a, b) => placeOf(a.name) - placeOf(b.name))
  await tell({ kind: 'machine.started', machine: name, pid: machine.pid, home: machine.home })
}

function placeOf(name: string): number {
  return MACHINES.findIndex((one) => one === name)
}

/** Each agent gets a branch and a worktree of its own, as agents that share a clone should. */
async function assemble(site: Site, { self }: SceneryOptions): Promise<readonly DemoAgent[]> {
  const { env, signal, git, machines } = site
  const all = await Promise.all(
    machines.map(async (machine) => {
      const agents: DemoAgent[] = []
      for (const name of AGENTS[machine.name as MachineName]) {
        const root = path.join(path.dirname(machine.clone), name)
        const words = ['worktree', 'add', '--quiet', '--no-track', '-b', name]
        await git(machine.clone, ...words, root, 'origin/main')
        agents.push(new DemoAgent(name, machine, root, { env, self, signal }))
      }
      return agents
    }),
  )
  return all.flat()
}

function found<Named extends { readonly name: string }>(
  all: readonly Named[],
  name: string,
): Named {
  const one = all.find((each) => each.name === name)
  if (one === undefined) throw new SkeinError('INTERNAL', `The demonstration has no ${name}.`)
  return one
}
