import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verdictOn } from '../../../daemon/client/hook-judge.ts'
import { SkeinError, type HookVerdict } from '../../../protocol/index.ts'

const OFFLINE: HookVerdict = { decision: 'ask', reason: 'by the repository', notes: [] }

async function decisionOn(error: SkeinError): Promise<HookVerdict['decision']> {
  return (await verdictOn(error, () => Promise.resolve(OFFLINE))).decision
}

describe('a question of a hook that failed', () => {
  it('is decided by the repository where nobody can be asked', async () => {
    assert.equal(await decisionOn(new SkeinError('DAEMON_DOWN', 'none')), 'ask')
    assert.equal(await decisionOn(new SkeinError('NO_QUORUM', 'alone')), 'ask')
  })

  it('is a refusal where it was too large to be judged', async () => {
    assert.equal(await decisionOn(new SkeinError('INPUT_SIZE', 'too large')), 'deny')
  })

  it('lets the call go on with a word otherwise', async () => {
    const verdict = await verdictOn(new SkeinError('BUSY', 'full'), () => Promise.resolve(OFFLINE))
    assert.equal(verdict.decision, 'allow')
    assert.deepEqual(verdict.notes, ['skein: this was not judged: full'])
  })
})
