// The page docs/SCALING.md.
import type { Measured } from './measure.ts'
import type { MeshState } from './mesh-state.ts'

export interface MeshSize extends MeshState {
  readonly machines: number
  readonly repos: number
}

export interface Findings {
  readonly quick: boolean
  readonly load: number
  readonly fan: readonly Measured[]
  readonly wide: readonly Measured[]
  readonly sizes: readonly MeshSize[]
}

/** Of a link without work: a ping and its pong every five seconds, with all framing and the headers of TCP and IP. */
const PING_FRAMES_PER_SECOND = 2 / 5
const PING_BYTES = 13 + 12 + 18 + 52

export function renderPage({ quick, load, fan, wide, sizes }: Findings): string {
  const note = quick ? '\n**A quick run (`--quick`): small meshes only.**\n' : ''
  return `# Scaling

Written by \`npm run scale -- --write\`. Many machines live in one process and on one virtual clock: the daemon's own engines
and switchboards, every packet encoded, counted (with 35 bytes of framing) and decoded; no disks and no sockets. Processor
times are of the process that runs all of them, at a load of the system of ${load.toFixed(1)} before.
${note}
## Every machine has every repository

${String(fan[0]?.shape.active ?? 0)} repositories with real documents, one claim and its release a second in each, asked on every machine in turn.

${fanTable(fan)}

Counted are a claim, its release and their share of the heartbeats. A leader sends each record to every copy, voter or not,
each answers, and each is told of the commit: messages of a claim grow with the copies. Quiet ledgers (a minute without work) send nothing at all, however many there are.

## Many machines, many repositories

Each repository is on 8 machines, of which 5 vote; two repositories for each machine, of which one in twenty is worked in, one
claim in ten seconds. The others are quiet: they cost memory only. Plain documents.

${wideTable(wide)}

## Links and the mesh ledger

Every machine has a link to every other, and a copy of the mesh ledger: who the members are, and which of them has which
repository.

${meshTable(sizes)}

## What breaks first

${breaks(sizes)}
`
}

function fanTable(rows: readonly Measured[]): string {
  return table(
    [
      'machines',
      'claims',
      'messages of a claim',
      'bytes of a claim',
      'sent by a machine',
      'processor of a machine',
      'quiet: messages',
      'heap of a copy',
    ],
    rows.map(({ shape, granted, busy, busyMs, idle, isQuiet, heapBytes }) => {
      const perSecond = granted / (busyMs / 1000)
      return [
        String(shape.machines),
        `${perSecond.toFixed(1)}/s`,
        (busy.messages / perSecond).toFixed(0),
        `${kilo(busy.bytes / perSecond)} kB`,
        `${kilo(busy.bytes / shape.machines)} kB/s`,
        `${(busy.processorMs / shape.machines / 10).toFixed(2)} %`,
        isQuiet ? `${idle.messages.toFixed(1)}/s` : `${idle.messages.toFixed(1)}/s, not quiet`,
        `${kilo(heapBytes)} kB`,
      ]
    }),
  )
}

function wideTable(rows: readonly Measured[]): string {
  return table(
    [
      'machines',
      'repositories',
      'worked in',
      'claims',
      'messages',
      'sent by a machine',
      'processor of a machine',
      'quiet: messages',
      'heap of a copy',
    ],
    rows.map(({ shape, granted, busy, busyMs, idle, isQuiet, heapBytes }) => [
      String(shape.machines),
      String(2 * shape.machines),
      String(shape.active),
      `${(granted / (busyMs / 1000)).toFixed(1)}/s`,
      `${busy.messages.toFixed(0)}/s`,
      `${kilo(busy.bytes / shape.machines)} kB/s`,
      `${(busy.processorMs / shape.machines / 10).toFixed(3)} %`,
      isQuiet ? `${idle.messages.toFixed(1)}/s` : `${idle.messages.toFixed(1)}/s, not quiet`,
      `${kilo(heapBytes)} kB`,
    ]),
  )
}

function meshTable(sizes: readonly MeshSize[]): string {
  return table(
    [
      'machines',
      'repositories',
      'links of a machine',
      'links in all',
      'pings of a machine, frames',
      'and bytes',
      'mesh state on the wire',
      'in memory',
      'one change of it, to all',
    ],
    sizes.map(({ machines, repos, stateBytes, heapBytes, changeBytes }) => {
      const links = machines - 1
      const frames = links * PING_FRAMES_PER_SECOND
      return [
        String(machines),
        String(repos),
        String(links),
        ((machines * links) / 2).toLocaleString('en-US'),
        `${frames.toFixed(0)}/s`,
        `${kilo(frames * PING_BYTES)} kB/s`,
        `${kilo(stateBytes)} kB`,
        `${kilo(heapBytes)} kB`,
        `${kilo(changeBytes * links)} kB`,
      ]
    }),
  )
}

function breaks(sizes: readonly MeshSize[]): string {
  const most = sizes.at(-1)
  if (most === undefined) return ''
  const { machines, stateBytes, changeBytes } = most
  const links = machines - 1
  const handshakes = ((machines * links) / 2).toLocaleString('en-US')
  return `In this order, as a mesh grows to ${String(machines)} machines:

1. **The full mesh of links.** \`CONNECTIONS_MAX\` of \`daemon/net/node.ts\` (1,000) and a usual limit of 1,024 open files are
   reached at about as many machines. Before that a machine that starts shakes hands ${String(links)} times, some milliseconds each,
   and the whole mesh after a power cut ${handshakes} times. Machines without a repository in common need no link.
2. **The leader of the mesh ledger.** Each change of it, such as another address of a machine, goes to all ${String(links)} others as
   a message of its own (${kilo(changeBytes * links)} kB together), and each of them answers. A link that comes up wakes the ledger for
   a minute, in which its leader sends ${String(2 * links)} heartbeats a second; among so many machines one comes or goes every
   minute, so that it is never quiet. Copies could be told by other copies, and a greeting need not wake it.
3. **The mesh state.** ${kilo(stateBytes)} kB on the wire are what a newcomer is sent and what each checkpoint writes into every
   machine's log; a message may have 16 MiB. Repositories count more than machines: every machine knows all of them.
4. **Fan-out to copies.** A busy repository that all have costs its leader two messages a copy and record and
   two heartbeats a copy and second, learners included: the first table. It is the copies that count, and not the voters, who are at most five.
5. **Pings.** ${(links * PING_FRAMES_PER_SECOND).toFixed(0)} frames a second on each machine without any work; as many wakes of its processor.

What does not break: quiet repositories send nothing, so their number is bounded by memory and by the files that are open.
`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function kilo(bytes: number): string {
  const value = bytes / 1000
  return value < 10 ? value.toFixed(2) : value.toLocaleString('en-US', { maximumFractionDigits: 0 })
}
