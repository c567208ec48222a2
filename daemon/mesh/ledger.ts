// The mesh ledger: the members of the mesh, their invitations, and the repositories that they have enrolled.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { asRepoId, SkeinError, type PeerId } from '../../protocol/index.ts'
import { createFile } from '../home.ts'
import type { HostMachine } from '../host-machine.ts'
import { foundLedger, openLedger, type LedgerHost } from '../ledger-host.ts'

/** The mesh's own ledger, which is nobody's repository. */
export const MESH = { name: asRepoId('mesh'), folder: 'mesh' }
/** Its name on the wire. */
const MESH_KEY = 'mesh'
/** The mesh ledger holds no claims: no lease of it ever runs out. */
const MESH_LEASE_MS = 365 * 86_400_000

export interface MeshLedgerHooks {
  readonly onChanges: () => void
  readonly mayHave: (peer: PeerId) => boolean
}

/**
 * The mesh ledger, founded with the home: a mesh of one machine. A home that had one and lost it is told so: beginning
 * anew by itself would forget every enrolment.
 */
export async function openMeshLedger(
  home: string,
  machine: HostMachine,
  hooks: MeshLedgerHooks,
): Promise<{ readonly host: LedgerHost; readonly id: string }> {
  const marker = path.join(home, 'mesh')
  const log = path.join(home, 'ledger', MESH.folder, 'log')
  if (existsSync(marker) && !existsSync(log)) {
    throw new SkeinError('LEDGER_DAMAGED', `the mesh ledger is missing: there is no ${log}`, {
      hint: `In a mesh with others never restore it: on one of them, skein member remove with this machine's name; then here, rm ${marker} && skein up, and join again. A machine alone restores it from a backup, or begins anew with the same two commands.`,
    })
  }
  const meshId = `mesh_${randomBytes(10).toString('hex')}`
  const origin = { ledger: 'mesh', mesh: meshId, name: meshId, generation: 1 } as const
  const genesis = await foundLedger(machine, MESH, origin)
  const settings = { caseExact: true, leaseMs: MESH_LEASE_MS, key: MESH_KEY, ...hooks }
  const host = await openLedger(machine, MESH, settings, genesis.hash)
  // A copy that others decide in comes over the wire, which is opened next; what it says by then is on disk.
  if (decidesAlone(host, machine.self)) await host.loop.ready()
  // A machine that joined knows its mesh before it has the ledger.
  if (!existsSync(marker)) createFile(marker, `${host.loop.view().state.mesh}\n`)
  return { host, id: readFileSync(marker, 'utf8').trim() }
}

function decidesAlone(host: LedgerHost, self: PeerId): boolean {
  const { chain } = host.loop.engine().consensus
  const head = chain.head()
  const voters = head === null ? [] : chain.votersAt(head)
  return voters.length === 1 && voters[0] === self
}
