// The table as text for a terminal, and as docs/PERFORMANCE.md.
import type { Machine } from './machine.ts'
import type { Row } from './row.ts'

export interface Report {
  readonly machine: Machine
  readonly runs: number
  readonly isQuick: boolean
  readonly rows: readonly Row[]
}

const HEADS = ['what', 'skein', 'etcd', 'redis', 'ratio', 'at least', 'aim', 'verdict'] as const

export function renderText(report: Report): string {
  const lines = [HEADS, ...report.rows.map(cellsOf)]
  const widths = HEADS.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  )
  const table = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${machineLines(report).join('\n')}\n\n${table.join('\n')}\n`
}

export function renderMarkdown(report: Report): string {
  const lines = [HEADS, HEADS.map(() => '---'), ...report.rows.map(cellsOf)]
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const quick = report.isQuick ? `${QUICK}\n\n` : ''
  const facts = machineLines(report)
    .map((line) => `- ${line}`)
    .join('\n')
  return `${HEAD}\n\n${quick}${facts}\n\n${table}\n\n${METHOD}\n`
}

function cellsOf(row: Row): readonly string[] {
  const { what, skein, etcd, redis, ratio, atLeast, aim, verdict } = row
  return [what, skein, etcd, redis, ratio, atLeast, aim, verdict === '' ? '–' : verdict]
}

function machineLines({ machine, runs }: Report): string[] {
  const { sync } = machine
  const disk = `append of 200 bytes and fdatasync ${sync.p50.toFixed(3)} ms p50, ${sync.p99.toFixed(2)} ms p99`
  return [
    `${machine.processor}, ${String(machine.cores)} cores, ${String(machine.memoryGib)} GiB; ${machine.system}`,
    `node ${machine.node}; etcd ${machine.etcd}; redis ${machine.redis}; skein ${machine.skein}`,
    `disk: ${disk}${machine.onDisk ? '' : ' – IN MEMORY: figures of durability mean nothing'}`,
    `${machine.date}; median of ${String(runs)} runs; load of the system before: ${machine.loadBefore.toFixed(2)}`,
  ]
}

const HEAD = `# Performance

Written by \`npm run bench -- --write\`; the same command prints the table on your machine. Figures of different machines
cannot be compared, ratios roughly can: what etcd and Redis did stood beside skein in the same minute.`

const QUICK =
  '**A quick run (`--quick`): the counts are small and the figures mean little. Take them again without it.**'

const METHOD = `## What was measured, and how

**Durable claim.** A caller asks for one file that nobody holds and waits for the grant. skein answers when the record is
on disk (fdatasync). etcd (one node, default settings, so it syncs too) creates a key if it is absent: a transaction that
compares \`create_revision\` with 0 and puts a value of some 200 bytes. Redis sets a key with NX and PX under
\`appendfsync always\`. All three keep their data on the same disk. skein's claim says more than the others' do: it is judged
against every live claim, has a fence, a holder and a time, and stands in a hash-chained audit log.

**Callers** live in one process of their own, apart from the servers and the bench. Each asks, waits, asks again; after 50
claims it gives all of them back, outside of the measured time. Over what: skein HTTP/1.1 on its unix socket, one connection
for each caller; etcd gRPC on loopback, all callers as streams of one HTTP/2 connection; Redis RESP on loopback, one
connection for each caller, no pipelining. The clients are written by hand, since Node's own would be most of what is
measured; the line "a question that costs nothing" is what the client and the way to the server cost (skein: \`/healthz\`,
etcd: a serializable read of one missing key, Redis: \`PING\`). The repository has 4,096 tracked files.

**Runs** alternate: skein, etcd, Redis, skein, … after one round that does not count. A figure is the median of the runs'
figures; a ratio is the median of the ratios of runs that stood next to each other. The load of callers and servers shares
the machine's cores, as it does where agents work.

**Processor time** is user and system time of the server's process divided by the claims, releases included. It says what
is left when the disk is fast, and it is less disturbed by neighbours than the clock is.

**Check** is asked with 100 claims of others alive; one check in ten meets one of them. The others' columns show a read
of one key from memory (etcd: serializable).

**Judging** runs the daemon's own judge in a process without a daemon, on views of 100 and 10,000 claims: three quarters
files, a fifth folders, the rest globs; patterns never repeat, so compiling them is inside.

**Growth** runs the daemon's own engine on a real Yjs document, its log in memory: 4,000 lifecycles until every bounded
window is full, then those that count. It is the size of the whole document less the size of a new one that holds the same
records, before and after, divided by the lifecycles. What the document holds when nothing is claimed is one checkpoint,
nearly all of it the answers that are remembered for requests that are asked again.

**Hand-over** runs the daemon's own engine with its log in memory: one holder and 1,000 waiters on one path; from each release
to the committed grant of the next in line.

**Symbols** are read by the daemon's own index with the shipped parser thread, from TypeScript files of 5,000 lines and 1,000
declared methods, the thread started and the grammar loaded before. The event loop is that of the asking process.

**Three machines** are three daemons with homes, clones and voices of their own, which speak with each other as they do
everywhere (TCP, Noise), and beside them three etcd with default settings; all disks are one disk. One caller speaks on the MCP
socket of a daemon that does not lead, as the bridge of a harness does, and with an etcd that does not lead; 32 callers are
spread over all three. A grant counts as arrived when the last of the other two shows it in its event stream, from the moment
when its caller has its answer. A killed leader (SIGKILL) is started again and waited for before the next is killed; a frozen
one (SIGSTOP) keeps its connections and says nothing. The next grant is asked for at once and again every 10 ms. Idle is
measured for a minute, after the ledgers have fallen quiet; bytes are what the kernel counts on the connections, without the
headers of TCP and IP. A new peer is in sync when it says the commit index that the leader said before it came; the time is
counted from when its daemon last said that it has no such ledger.

**Starts.** From spawn to the first 200 of \`/readyz\` on the socket, asked every millisecond, with one repository enrolled;
from spawn of \`skein mcp\` to the answer of \`initialize\`; from spawn to exit of \`skein check FILE\`, in turn with
\`node -e 0\`. Medians of at least 11.

**The guard.** The payload of an edit of a declaration, as Claude Code says it, over one connection to the daemon's socket: the
first for each of 20 files claims, all others find that it is claimed. As a process: from spawn to exit of
\`skein guard\` with that payload on stdin, in turn with \`node -e 0\`. \`pre-push\` is the hook as git calls it, on a commit that
changed 2,000 files, of which the caller holds a few; \`init\` wires all three harnesses into a repository that was never
wired, each time a new one. All but the first are whole processes.

**Memory** is resident memory as the kernel tells it, after ten seconds of rest. The history is claims and releases one by
one by 32 callers. The restart has all of it behind it, and is measured when the ledger's log, which is written anew from
time to time, is nearly as large as it was ever seen.
`
