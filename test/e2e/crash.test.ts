// The daemon is killed over and over under sixteen callers: nothing acknowledged is lost, no fence is used twice. At length:
// `npm run soak`.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distribution, runCrashes, type CrashReport } from './crash-run.ts'

describe('a daemon killed under sixteen callers', () => {
  it('keeps everything acknowledged through 15 kills', async (t) => {
    const report = await runCrashes(t, { cycles: 15, seed: 11, shim: false })
    requireWhole(report)
    t.diagnostic(`restart to ready, ms: ${distribution(report.restartsMs)}`)
  })

  it('keeps it through 10 kills that lose what was not synced', async (t) => {
    const report = await runCrashes(t, { cycles: 10, seed: 12, shim: true })
    requireWhole(report)
    assert.ok(report.cuts.length > 0, 'some kills came between a write and its sync')
  })
})

function requireWhole({ violations, answers, kills }: CrashReport): void {
  assert.deepEqual(violations, [])
  for (const answer of ['granted', 'refused', 'released', 'renewed', 'lost'])
    assert.ok((answers[answer] ?? 0) > 0, `some calls were ${answer}: ${JSON.stringify(answers)}`)
  assert.ok(kills >= 10)
}
