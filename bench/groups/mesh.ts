// Three machines: what deciding together costs, and what it takes when one of them is gone.
import type { Bench } from '../bench.ts'
import { arrivalRow, handOverRow } from '../mesh/arrival.ts'
import { meshClaimRows } from '../mesh/claims.ts'
import { Cluster } from '../mesh/cluster.ts'
import { frozenRow, killedRow } from '../mesh/failures.ts'
import { idleRow } from '../mesh/idle.ts'
import { newcomerRow } from '../mesh/newcomer.ts'
import type { Row } from '../row.ts'

export async function meshRows(bench: Bench): Promise<Row[]> {
  const cluster = await Cluster.start(bench)
  try {
    const rows: Row[] = []
    const keep = (row: Row): void => {
      bench.say(`  ${row.what}: ${row.skein} ${row.etcd}`)
      rows.push(row)
    }
    for (const row of await meshClaimRows(bench, cluster)) keep(row)
    for (const measure of [arrivalRow, handOverRow, killedRow, frozenRow, idleRow, newcomerRow])
      keep(await measure(bench, cluster))
    return rows
  } finally {
    await cluster.stop()
  }
}
