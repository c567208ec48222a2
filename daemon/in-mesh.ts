// The daemon's life in its mesh: the mesh itself, the repositories in it, and the ways into and out of it.
import { LEDGER_VERSION, type PeerId } from '../protocol/index.ts'
import type { Config } from './config.ts'
import type { Git } from './git.ts'
import type { History } from './git-history.ts'
import { createGitObjects } from './git-objects.ts'
import type { HostMachine } from './host-machine.ts'
import { foundCarried, noteRecovered } from './ledger-anew.ts'
import type { BeginOptions } from './ledger-begin.ts'
import type { Log } from './log.ts'
import type { MachineKey } from './machine-key.ts'
import { attach, vouchForOthers, type AttachingOptions } from './mesh/attaching.ts'
import { createCarrying, type Carrying } from './mesh/carrying.ts'
import { endCrossing, isOutOfLost, type Crossing } from './mesh/crossing.ts'
import { createDeparture, type Departure } from './mesh/departure.ts'
import { createJoining, depart, type Joining } from './mesh/joining.ts'
import type { CreateTransport, Mesh } from './mesh/mesh.ts'
import { WIRE_VERSION } from './mesh/packets.ts'
import { startMesh } from './mesh/start.ts'
import { createSwitchboard, type Switchboard } from './mesh/switchboard.ts'
import { startPartitions } from './partitions.ts'
import { isAlwaysOn } from './battery.ts'
import { mostWorkers } from './fleet/acceptance.ts'
import { createMachinesNow, type MachinesNow } from './mesh/machines-now.ts'
import { startReach, type Reach } from './mesh/reach.ts'
import type { TransportEvents } from './ports.ts'
import { createRepoProof } from './repo-proof.ts'
import { createRecovery, type Recovery } from './recovery.ts'
import { createRepos, hostOf, type Repos } from './repos.ts'
import type { Teardown } from './teardown.ts'
import { VERSION } from './version.ts'

export interface InMeshOptions {
  readonly home: string
  readonly name: string
  readonly key: MachineKey
  readonly machine: HostMachine
  readonly line: MeshLine
  readonly config: Config
  readonly git: Git
  readonly history: History
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  /** Ends the daemon and starts it again: in another mesh. */
  readonly startAgain: () => void
}

export interface InMesh {
  readonly mesh: Mesh
  readonly repos: Repos
  readonly joining: Joining
  readonly reach: Reach
  readonly machines: MachinesNow
  readonly recovery: Recovery
  readonly departure: Departure
}

/** The wire is there before the mesh is, which says who is on it. */
export interface MeshLine {
  readonly board: Switchboard
  /** A machine's name as the mesh has it. */
  readonly nameOf: (peer: PeerId) => string
  enter(mesh: Mesh): void
}

export function createMeshLine(log: Log, self: PeerId, name: string): MeshLine {
  let mesh: Mesh | null = null
  const alwaysOn = isAlwaysOn()
  const board = createSwitchboard({
    log,
    hello: () => ({
      kind: 'hello',
      speaks: WIRE_VERSION,
      mesh: mesh?.id ?? '',
      machine: name,
      version: VERSION,
      ledgerVersion: LEDGER_VERSION,
      alwaysOn,
    }),
  })
  return {
    board,
    nameOf: (peer) => mesh?.member(peer)?.machine ?? (peer === self ? name : peer),
    enter(entered) {
      mesh = entered
    },
  }
}

export async function enterMesh(options: InMeshOptions, stack: Teardown): Promise<InMesh> {
  const { home, name, machine, line, config, git, log } = options
  const createTransport = transportsOf(options)
  const departure = createDeparture(home)
  const started = await startMesh(
    {
      ...{ home, machine, name, config, log, createTransport },
      board: line.board,
      onEnter: (mesh) => {
        line.enter(mesh)
      },
      onRemoved: (mesh) => {
        log.error(
          { mesh: mesh.id },
          'this machine was removed from its mesh, and begins one of its own',
        )
        depart({ departure, mesh, repos, clock: machine.clock })
        options.startAgain()
      },
    },
    stack,
  )
  const { mesh, listening, ways } = started
  const attaching = attachingOf(options, mesh, () => repos)
  const begin: BeginOptions = {
    ...{ home, machine, mesh, git },
    attach: (id, root) => attach(attaching, id, root),
  }
  const repos = createRepos({
    ...{ ...begin, config, log },
    onReplaced: (carried) => {
      carrying.add(carried, machine.clock.wall())
    },
    onMoved: () => {
      carrying.start()
    },
  })
  const carrying: Carrying = createCarrying({ home, mesh: mesh.id, repos, log })
  stack.add(() => {
    departure.finish()
  })
  stack.add(() => repos.stop())
  stack.add(() => carrying.stop())
  await mesh.host.loop.ready()
  await startRepos(begin, repos, started.crossing)
  vouchForOthers(attaching)
  carrying.start()
  const partitions = startPartitions({ repos, machine, log })
  stack.add(() => {
    partitions.stop()
  })
  const joining = createJoining({
    ...{ departure, mesh, repos, listening, ways, clock: machine.clock },
    machine: name,
    knock: (networkKey) => createTransport([networkKey], SILENT),
  })
  const reach = startReach({
    ...{ home, log },
    wall: () => machine.clock.wall(),
    present: () => [...mesh.state().members.keys()].filter((peer) => mesh.board.isReady(peer)),
  })
  stack.add(() => {
    reach.stop()
  })
  const recovery = createRecovery({ home, env: options.env, machine, departure, mesh, repos })
  const machines = machinesOf(mesh, options)
  return { mesh, repos, joining, reach, machines, recovery, departure }
}

function machinesOf(mesh: Mesh, { machine, config }: InMeshOptions): MachinesNow {
  return createMachinesNow({
    ...{ board: mesh.board, self: mesh.self },
    members: () => [...mesh.state().members.keys()],
    now: () => machine.clock.monotonic(),
    workersMax: mostWorkers(config),
  })
}

async function startRepos(
  begin: BeginOptions,
  repos: Repos,
  crossing: Crossing | null,
): Promise<void> {
  const isAnew = crossing !== null && isOutOfLost(crossing)
  if (isAnew) await foundCarried(begin, crossing.carried)
  await repos.start()
  if (!isAnew) return
  for (const { repo, claims } of crossing.carried)
    noteRecovered(begin.machine, hostOf(repos.get(repo)), repo, claims)
  endCrossing(begin.home)
}

function attachingOf(
  { git, history, env, machine, log, name }: InMeshOptions,
  mesh: Mesh,
  repos: () => Repos,
): AttachingOptions {
  return {
    mesh,
    proof: createRepoProof(git, history, createGitObjects(env)),
    clock: machine.clock,
    log,
    name,
    refusals: new Map(),
    checkoutsOf: (id) =>
      repos()
        .all()
        .find((repo) => repo.id === id)?.checkouts ?? [],
  }
}

/** libp2p is loaded when the mesh opens, and not before. */
function transportsOf({ key, machine, log, config }: InMeshOptions): CreateTransport {
  return async ([networkKey, ...acceptedNetworkKeys], events) => {
    const { createLibp2pTransport } = await import('./net/libp2p.ts')
    const { random } = machine
    const discovery = { mdns: config.discovery === 'mdns' }
    const keys = { key, networkKey, acceptedNetworkKeys }
    return createLibp2pTransport({ ...keys, log, random, discovery }, events)
  }
}

/** Of a transport that only asks. */
const SILENT: TransportEvents = {
  onMessage: () => undefined,
  onUp: () => undefined,
  onDown: () => undefined,
  onQuestion: () => Promise.resolve(null),
}
