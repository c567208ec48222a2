import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QueueLedger } from './ledger.ts'

describe('a log that is written anew', () => {
  it('does not keep what checkpoints have superseded, also when it is asked for at the start', () => {
    const ledger = new QueueLedger()
    const sizes: number[] = []
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 1_100; i++) {
        const held = ledger.hold('h', `f${String(i)}.ts`)
        ledger.release('h', held.id)
      }
      ledger.restartRewriting()
      sizes.push(recordsIn(ledger))
      ledger.rewriteLog()
      sizes.push(recordsIn(ledger))
    }
    assert.ok(Math.max(...sizes) < 200, `records beside the document: ${sizes.join(', ')}`)
    assert.equal(ledger.hold('h', 'last.ts').pattern, 'last.ts')
  })
})

/** Records that the log holds beside its document: those that the document has lost. */
function recordsIn({ frames }: QueueLedger): number {
  return frames.filter(({ kind }) => kind === 'record').length
}
