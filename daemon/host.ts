// This machine as its ledgers see it: its key, its disk, its clocks, and the wire to the others.
import { existsSync, renameSync } from 'node:fs'
import path from 'node:path'
import { type PeerId, type SkeinError, iso } from '../protocol/index.ts'
import { createClock } from './clock.ts'
import { archive, countStart, setAside } from './home.ts'
import type { HostMachine } from './host-machine.ts'
import type { Log } from './log.ts'
import type { AbsentMachine } from './absence.ts'
import { verifySignature, type MachineKey } from './machine-key.ts'
import type { MeshLine } from './in-mesh.ts'
import type { LateMetrics } from './metrics/recorder.ts'
import type { Storage } from './ports.ts'
import { createRandom } from './random.ts'
import { openAudit } from './storage/audit.ts'
import { createDurableStore } from './storage/durable.ts'
import { createTicker } from './ticker.ts'

/** How often a ledger looks at the time. */
const TICK_MS = 250

export function createMachine(
  home: string,
  key: MachineKey,
  {
    log,
    line,
    end,
    onEvent,
    metrics,
  }: {
    readonly log: Log
    readonly line: MeshLine
    readonly end: (error: SkeinError) => void
    readonly onEvent: HostMachine['onEvent']
    readonly metrics: LateMetrics
  },
): HostMachine {
  const storage: Storage = {
    openLog: (folder, events) =>
      createDurableStore(path.join(home, 'ledger', folder, 'log'), events),
    openAudit: (folder, events) => openAudit(path.join(home, 'audit', folder), { ...events, log }),
    setAside: (folder) => setAside(path.join(home, 'ledger', folder)),
    hasLog: (folder) => existsSync(path.join(home, 'ledger', folder, 'log')),
    rename: (folder, to) => {
      renameSync(path.join(home, 'ledger', folder), path.join(home, 'ledger', to))
    },
    archive: (folder, whose) => archive(home, folder, whose),
  }
  const clock = createClock()
  const startedAt = clock.wall()
  return {
    self: key.peer,
    starts: countStart(home),
    signer: {
      sign: (bytes) => Buffer.from(key.sign(bytes)).toString('base64'),
      verify: (peer, bytes, signature) =>
        verifySignature(peer, bytes, Buffer.from(signature, 'base64')),
    },
    storage,
    clock,
    ticker: createTicker(TICK_MS),
    random: createRandom(),
    machineOf: line.nameOf,
    wire: line.board,
    absent: (peers) => absentOf(line, peers, startedAt),
    onEvent,
    onCommit: metrics.recorder.commit,
    onFailure(error) {
      log.error(
        { code: error.code, error: error.message, hint: error.hint },
        'the disk failed: nothing more is promised',
      )
      end(error)
    },
  }
}

function absentOf(
  { board, nameOf }: MeshLine,
  peers: readonly PeerId[],
  startedAt: number,
): readonly AbsentMachine[] {
  const links = new Map(board.links().map(({ link }) => [link.peer, link]))
  return peers.flatMap((peer) => {
    const link = links.get(peer)
    const isThere = board.isReady(peer) && link?.isDoubtful !== true
    if (isThere) return []
    // Down since then; where nobody told of it, silent since it was heard last.
    const since = link?.isUp === true ? link.lastSeenMs : link?.sinceMs
    return [{ machine: nameOf(peer), since: iso(since ?? startedAt) }]
  })
}
