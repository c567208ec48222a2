// The mesh ledger: what this machine knows of itself, its name and the repositories that it has enrolled.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { asRepoId, SkeinError } from '../protocol/index.ts'
import { createFile } from './home.ts'
import type { HostMachine } from './host-machine.ts'
import { foundLedger, openLedger, type LedgerHost } from './ledger-host.ts'
import type { MachineKey } from './machine-key.ts'
import { submit } from './repos.ts'

/** The machine's own ledger, which is nobody's repository. */
export const MESH = { name: asRepoId('mesh'), folder: 'mesh' }
/** The mesh ledger holds no claims: no lease of it ever runs out. */
const MESH_LEASE_MS = 365 * 86_400_000

/**
 * The mesh ledger, founded with the home: a mesh of one machine. A home that had one and lost it is told so: beginning
 * anew by itself would forget every enrolment.
 */
export async function openMesh(
  home: string,
  machine: HostMachine,
  key: MachineKey,
  name: string,
): Promise<LedgerHost> {
  const marker = path.join(home, 'mesh')
  const log = path.join(home, 'ledger', MESH.folder, 'log')
  if (existsSync(marker) && !existsSync(log)) {
    throw new SkeinError('LEDGER_DAMAGED', `the mesh ledger is missing: there is no ${log}`, {
      hint: `Restore it from a backup. To begin a new mesh, in which every repository is enrolled anew: rm ${marker} && skein up`,
    })
  }
  const meshId = `mesh_${randomBytes(10).toString('hex')}`
  const origin = { ledger: 'mesh', mesh: meshId, name: meshId, generation: 1 } as const
  const genesis = await foundLedger(machine, MESH, origin)
  const settings = { caseExact: true, leaseMs: MESH_LEASE_MS }
  const mesh = await openLedger(machine, MESH, settings, genesis.hash)
  await mesh.loop.ready()
  createFile(marker, `${mesh.loop.view().state.mesh}\n`)
  await submit(mesh, { kind: 'member', peer: key.peer, machine: name })
  return mesh
}
