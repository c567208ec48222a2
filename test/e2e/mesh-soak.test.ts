// A few cycles of `npm run soak:mesh`: leaders killed under load, and machines parted.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whyNoNamespaces } from '../helpers/namespaces.ts'
import { runMesh, type MeshReport } from './mesh-run.ts'

describe('three voters under load', () => {
  it('lose nothing and grant nothing twice through 4 kills of their leader', async (t) => {
    const report = await runMesh({ what: 'kills', cycles: 4, seed: 5 })
    requireWhole(report)
    assert.equal(report.kills, 4)
    t.diagnostic(`failover, ms: ${report.failoverMs.map((ms) => ms.toFixed(0)).join(' ')}`)
  })

  it('nor through 3 partitions by proxies', async () => {
    const report = await runMesh({
      what: 'partitions',
      cycles: 3,
      seed: 6,
      proxies: true,
      partedMsMax: 3_000,
    })
    requireWhole(report)
    assert.equal(report.partitions, 3)
  })

  it(
    'nor through 3 partitions in network namespaces',
    { skip: whyNoNamespaces() ?? false },
    async () => {
      const report = await runMesh({ what: 'partitions', cycles: 3, seed: 7, partedMsMax: 3_000 })
      requireWhole(report)
      assert.equal(report.way, 'network namespaces')
    },
  )
})

function requireWhole({ violations, acknowledged, lost, doubleGrants }: MeshReport): void {
  assert.deepEqual(violations, [])
  assert.deepEqual([lost, doubleGrants], [0, 0])
  assert.ok(acknowledged > 100)
}
