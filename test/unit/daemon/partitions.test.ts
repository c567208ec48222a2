import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asRepoId, tellEvent, type AuditEventInput } from '../../../protocol/index.ts'
import type { HostMachine } from '../../../daemon/host-machine.ts'
import type { LedgerHost } from '../../../daemon/ledger-host.ts'
import type { Log } from '../../../daemon/log.ts'
import { startPartitions } from '../../../daemon/partitions.ts'
import type { Repos } from '../../../daemon/repos.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']
const REPO = asRepoId('team/proj')

/** What a daemon needs to see of its repositories: one ledger, as machine `c` has it. */
function surroundings(script: EngineScript, events: AuditEventInput[]) {
  const engine = script.engine('c')
  const host = {
    loop: { engine: () => engine, view: () => engine.committed },
    audit: { append: (event: AuditEventInput) => events.push(event) },
  } as unknown as LedgerHost
  const machine = {
    self: engine.consensus.self,
    machineOf: (peer: string) => peer,
    absent: (peers: readonly string[]) => peers.map((machine) => ({ machine, since: 'then' })),
    clock: { wall: () => engine.consensus.wallMs },
    random: (count: number) => new Uint8Array(count),
  } as unknown as HostMachine
  const repos = { all: () => [{ id: REPO, host }] } as unknown as Repos
  const log = { warn: () => undefined } as unknown as Log
  return { repos, machine, log }
}

describe('a machine without the majority', () => {
  it('says so, once gives up what nobody renewed, and says when it is back', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    script.tick('c')
    const { consensus, uptimeMs } = script.engine('c')
    const stamp = { boot: 'b', wallMs: consensus.wallMs, uptimeMs: uptimeMs ?? 0 }
    script.request('c', 100, { ...claimOf(partyOf('ada', 'c'), 'src/a.ts'), stamp })
    script.pass(ALL, 2_000)
    const events: AuditEventInput[] = []
    const partitions = startPartitions(surroundings(script, events))
    t.after(() => {
      partitions.stop()
    })
    const look = (): string[] => {
      t.mock.timers.tick(1_000)
      return events.splice(0).map((event) => tellEvent({ ...event, prev: '', hash: '' }))
    }
    assert.deepEqual(look(), [])
    script.tick('c', 20_000)
    script.drop()
    assert.match(look().join(), /c hears no majority; missing: a, b$/)
    script.tick('c', 580_000)
    assert.match(look().join(), /ada cannot count on src\/a\.ts \(clm_\w+, fence \d+\)/)
    assert.deepEqual(look(), [], 'told once')
    script.drop()
    script.pass(ALL, 8_000)
    assert.match(look().join(), /c hears a leader again$/)
  })
})
