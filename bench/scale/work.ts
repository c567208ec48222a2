// Agents in the world: each claims a file and gives it back, again and again.
import { asSessionId } from '../../protocol/index.ts'
import type { ScaleLedger } from './ledger.ts'
import type { ScaleMachine, World } from './world.ts'

export interface Work {
  /** Claims that were granted. */
  granted: number
  stop(): void
}

/** One claim in each ledger every so often, each time on the next of its machines. */
export function startWork(
  world: World,
  ledgers: readonly (readonly ScaleLedger[])[],
  machineOf: (ledger: ScaleLedger) => ScaleMachine,
  everyMs: number,
): Work {
  let isOn = true
  const work: Work = {
    granted: 0,
    stop() {
      isOn = false
    },
  }
  ledgers.forEach((copies, number) => {
    let turn = number
    const next = (): void => {
      if (!isOn) return
      const copy = copies[turn++ % copies.length]
      if (copy !== undefined) live(copy, machineOf(copy), turn, work)
      world.plan(everyMs, next)
    }
    world.plan(Math.random() * everyMs, next)
  })
  return work
}

function live(ledger: ScaleLedger, { peer }: ScaleMachine, turn: number, work: Work): void {
  const party = {
    ...{ agent: 'agent', agentGiven: true, session: asSessionId(`session-${peer}`), peer },
    ...{ machine: 'machine', branch: 'main' },
  }
  const pattern = `src/part/file-${String(turn)}.ts`
  ledger.ask(
    {
      ...{ kind: 'claim', party, key: null, urgency: 'normal', waitSeconds: 0 },
      scopes: [{ kind: 'file', pattern, symbols: [], mode: 'exclusive' }],
      terms: {
        ...{ description: 'a claim of an agent', narrowable: true, ttlSeconds: null },
        ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200, claimsPerAgent: 0 },
      },
      stamp: { wallMs: 1_750_000_000_000 + turn, boot: 'boot', uptimeMs: turn },
    },
    (outcome) => {
      if (outcome.kind !== 'granted') return
      work.granted++
      const ids = outcome.claims.map(({ claim }) => claim.id)
      const target = { by: 'ids', ids } as const
      ledger.ask({ kind: 'release', party, target, force: null }, () => undefined)
    },
  )
}
