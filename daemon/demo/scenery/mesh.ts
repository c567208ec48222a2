// Three machines become one mesh in which all of them vote, in the steps that a person takes: invite, join, promote.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Tell } from '../events.ts'
import { until } from '../patience.ts'
import type { DemoMachine } from './machine.ts'
import { REPO } from './repository.ts'
import type { Wires } from './wires.ts'

interface Forming {
  readonly machines: readonly DemoMachine[]
  readonly wires: Wires
  readonly tell: Tell
  readonly signal: AbortSignal
}

export async function formMesh(forming: Forming): Promise<void> {
  const { machines, wires, tell, signal } = forming
  const [founder, ...others] = machines
  if (founder === undefined) return
  await enter(founder, signal)
  const tokens: string[] = []
  for (const { name } of others) {
    const { token, addresses } = await founder.call('invite', { yes: true })
    wires.leadTo(founder.name, portIn(addresses))
    tokens.push(token)
    await tell({ kind: 'machine.invited', machine: name, by: founder.name })
  }
  await Promise.all(others.map((other, at) => join(forming, other, tokens[at] ?? '')))
  await untilFound(forming, founder)
  await Promise.all(others.map((other) => enter(other, signal)))
  for (const { name } of others)
    await until(
      `${name} may vote`,
      () => founder.call('member/promote', { machine: name, yes: true }),
      signal,
    )
  const { leader, term } = await untilAllVote(forming)
  const voters = machines.map(({ name }) => name)
  await tell({ kind: 'mesh.ready', repo: REPO, leader, term, voters })
}

/** First use of the clone: founds the ledger, or proves the contents and gets it. */
async function enter(machine: DemoMachine, signal: AbortSignal): Promise<void> {
  const scopes = [{ kind: 'file', pattern: 'README.md' }]
  const what = `${machine.name} has the repository`
  await until(what, () => machine.call('check', { cwd: machine.clone, scopes }), signal)
}

async function join({ tell, signal }: Forming, machine: DemoMachine, token: string): Promise<void> {
  const { mesh, by } = await machine.call('join', { token, yes: true })
  await until(
    `${machine.name} has arrived in its new mesh`,
    async () => {
      const status = await machine.call('status')
      return status.mesh.id === mesh && status.mesh.members > 1 && status.ready
    },
    signal,
  )
  await tell({ kind: 'machine.joined', machine: machine.name, by, mesh })
}

/** Everybody has said where it listens, and the wires lead there. */
async function untilFound(
  { machines, wires, signal }: Forming,
  founder: DemoMachine,
): Promise<void> {
  await until(
    'all machines say where they listen',
    async () => {
      const members = await founder.call('members')
      const told = members.filter(({ addresses }) => addresses.length > 0)
      for (const { machine, addresses } of told) wires.leadTo(machine, portIn(addresses))
      return told.length === machines.length
    },
    signal,
  )
}

async function untilAllVote({ machines, signal }: Forming): Promise<{
  readonly leader: string
  readonly term: number
}> {
  const facts = await Promise.all(
    machines.map((machine) =>
      until(
        `${machine.name} sees all machines, and all of them vote`,
        async () => {
          const { ledgers } = await machine.call('leader')
          const members = await machine.call('members')
          const areOnline = members.every(({ online }) => online)
          const isWhole = [REPO, 'mesh'].every((name) => votesWhole(ledgers, name, machines.length))
          return areOnline && isWhole && ledgers.find(({ ledger }) => ledger === REPO)
        },
        signal,
      ),
    ),
  )
  return { leader: facts[0]?.leader ?? '', term: facts[0]?.term ?? 0 }
}

function votesWhole(
  ledgers: OperationResult<'leader'>['ledgers'],
  name: string,
  voters: number,
): boolean {
  const one = ledgers.find(({ ledger }) => ledger === name)
  return one?.voters.length === voters && one.leader !== null && one.attached
}

function portIn(addresses: readonly string[]): number {
  return Number(/\/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1])
}
