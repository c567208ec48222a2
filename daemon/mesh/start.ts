// Puts this machine into its mesh: finishes a move between meshes that was begun, opens the mesh ledger, and joins it to the
// wire.
import type { Config } from '../config.ts'
import { isExplicit } from '../config.ts'
import { isLeading } from '../core/engine.ts'
import type { HostMachine } from '../host-machine.ts'
import type { Log } from '../log.ts'
import type { Teardown } from '../teardown.ts'
import { moveHome, readCrossing, type Crossing } from './crossing.ts'
import { openMeshLedger } from './ledger.ts'
import { createListening, type Listening } from './listening.ts'
import { createMesh, type CreateTransport, type Mesh } from './mesh.ts'
import { openNetworkKeys } from './network-key.ts'
import { answerStrangers } from './questions.ts'
import { createKeyRotation } from './key-rotation.ts'
import type { Switchboard } from './switchboard.ts'
import { createWays, type Ways } from './ways.ts'

export interface StartMeshOptions {
  readonly home: string
  readonly machine: HostMachine
  readonly name: string
  readonly config: Config
  readonly board: Switchboard
  readonly log: Log
  readonly createTransport: CreateTransport
  readonly onEnter: (mesh: Mesh) => void
  readonly onRemoved: (mesh: Mesh) => void
}

export interface StartedMesh {
  readonly mesh: Mesh
  readonly listening: Listening
  readonly ways: Ways
  /** What is still to be carried in from an earlier mesh. */
  readonly crossing: Crossing | null
}

export async function startMesh(options: StartMeshOptions, stack: Teardown): Promise<StartedMesh> {
  const { home, machine, name, config, board, log, createTransport } = options
  const begun = readCrossing(home)
  const crossing = begun === null ? null : await moveHome(home, machine, begun)
  let mesh: Mesh | null = null
  const { host, id } = await openMeshLedger(home, machine, {
    onChanges: () => mesh?.changed(),
    // Before its own copy has come, a machine hears whoever the transport lets through.
    mayHave: (peer) => {
      const { members } = host.loop.view().state
      return members.size === 0 || members.has(peer)
    },
  })
  stack.add(() => host.stop())
  const listening = createListening({
    home,
    addresses: config.listen,
    isExplicit: isExplicit(config, 'listen'),
  })
  const ways = createWays(config.dial)
  mesh = createMesh({
    id,
    host,
    board,
    self: machine.self,
    name,
    keyRotation: createKeyRotation({
      ...{ board, log, self: machine.self },
      keys: openNetworkKeys(home, () => machine.clock.wall()),
      state: () => host.loop.view().state,
      leads: () => isLeading(host.loop.engine()),
    }),
    listening,
    ways,
    answer: (own) => answerStrangers(own, log),
    createTransport,
    log,
    onRemoved: () => {
      if (mesh !== null) options.onRemoved(mesh)
    },
  })
  const started = mesh
  options.onEnter(mesh)
  stack.add(() => started.stop())
  await started.start()
  return { mesh: started, listening, ways, crossing }
}
