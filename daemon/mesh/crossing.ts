// From one mesh into another: durable steps that a restart resumes. `joining.json` in the home says which mesh this machine
// is going to and what it carries along; it is written once the other mesh has let it in, and removed when everything has
// arrived.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, type LedgerClaim, type RepoId } from '../../protocol/index.ts'
import { noteGeneration } from '../generations.ts'
import { archive, replaceFile } from '../home.ts'
import type { HostMachine } from '../host-machine.ts'
import { adoptLedger } from '../ledger-host.ts'
import { MESH } from './ledger.ts'
import { writeNetworkKey } from './network-key.ts'
import type { Welcome } from './questions.ts'

export interface Crossing {
  readonly from: string
  /** Null: into a mesh of its own, founded by the next start. The same: into a ledger that came in the place of a lost one. */
  readonly to: string | null
  readonly welcome: (Omit<Welcome, 'networkKey'> & { readonly networkKey: string }) | null
  /** When it was begun, in milliseconds since 1970: names what is archived. */
  readonly atMs: number
  /** The old ledgers are archived and the new mesh ledger is begun. */
  readonly isMoved: boolean
  readonly carried: readonly Carried[]
}

/** A repository's live claims of the old mesh, to be settled in the new one. */
export interface Carried {
  readonly repo: RepoId
  readonly generation: number
  readonly checkouts: readonly string[]
  readonly claims: readonly LedgerClaim[]
  /** First commits of its history, where its ledger is founded anew with all that was held in it. */
  readonly roots?: readonly string[]
}

export function readCrossing(home: string): Crossing | null {
  const file = fileIn(home)
  if (!existsSync(file)) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Crossing
  } catch (cause) {
    throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read.`, { cause })
  }
}

export function writeCrossing(home: string, crossing: Crossing): void {
  replaceFile(fileIn(home), `${JSON.stringify(crossing, null, 2)}\n`)
}

export function endCrossing(home: string): void {
  rmSync(fileIn(home), { force: true })
}

/** Archives what belongs to the old mesh and begins this machine's copy of the new one's ledger. Resumed by a restart. */
export async function moveHome(
  home: string,
  machine: HostMachine,
  crossing: Crossing,
): Promise<Crossing | null> {
  if (crossing.isMoved) return crossing
  const folders = [MESH.folder, ...crossing.carried.map(({ repo }) => encodeURIComponent(repo))]
  for (const { repo, generation } of crossing.carried) noteGeneration(home, repo, generation)
  for (const folder of folders) archive(home, folder, `${crossing.from}-${String(crossing.atMs)}`)
  const { welcome, to } = crossing
  if (welcome === null || to === null) {
    for (const file of ['network.key', 'mesh', 'listening.json'])
      rmSync(path.join(home, file), { force: true })
    if (!isOutOfLost(crossing)) {
      endCrossing(home)
      return null
    }
    const alone = { ...crossing, isMoved: true }
    writeCrossing(home, alone)
    return alone
  }
  await adoptLedger(machine, MESH, welcome.genesis)
  writeNetworkKey(home, {
    bytes: Uint8Array.from(Buffer.from(welcome.networkKey, 'hex')),
    index: welcome.keyIndex,
  })
  replaceFile(path.join(home, 'mesh'), `${to}\n`)
  const moved = { ...crossing, isMoved: true }
  writeCrossing(home, moved)
  return moved
}

/** Is this the way out of a mesh whose majority is lost? */
export function isOutOfLost({ to, carried }: Crossing): boolean {
  return to === null && carried.every(({ roots }) => roots !== undefined)
}

function fileIn(home: string): string {
  return path.join(home, 'joining.json')
}
