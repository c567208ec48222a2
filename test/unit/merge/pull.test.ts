// Landing by pull requests: what the forge says becomes what people are told.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { landPull } from '../../../daemon/merge/pull.ts'
import type { Assignment } from '../../../protocol/index.ts'
import { createCleaner } from '../../helpers/cleanup.ts'
import { HEAD } from '../../helpers/forge-server.ts'
import { openForgeTracker } from '../../helpers/forge-tracker.ts'

const SIGNAL = AbortSignal.timeout(60_000)
const WORK = {
  head: HEAD,
  assignment: {
    ...{ id: 'asg_01JBBBBBBBBBBBBBBBBBBBBBBB', task: 'fix-login', title: 'Mend the login' },
    ...{ branch: 'work', machine: 'ada' },
  } as Assignment,
}

describe('work that lands by a pull request', () => {
  const cleaner = createCleaner()
  after(() => cleaner.run())
  const open = () => openForgeTracker(cleaner, 'gitea')

  it('takes the one that is open, and is merged while its head is what was tested', async () => {
    const { forge, pulls } = await open()
    const pull = forge.addPull({ branch: 'work', head: HEAD })
    const landed = await landPull(pulls, WORK, 'main', 'squash', SIGNAL)
    assert.equal(landed.kind, 'landed')
    assert.equal(landed.pull?.number, pull.number)
    assert.equal(forge.pulls.length, 1)
    const again = await landPull(pulls, WORK, 'main', 'squash', SIGNAL)
    assert.equal(again.kind, 'landed')
    assert.equal(forge.pulls.length, 1)
  })

  it('is looked at again when the head there is another one', async () => {
    const { forge, pulls } = await open()
    forge.addPull({ branch: 'work', head: 'e'.repeat(40) })
    assert.deepEqual(await landPull(pulls, WORK, 'main', 'rebase', SIGNAL), { kind: 'moved' })
    assert.ok(!forge.calls('POST').some((call) => call.endsWith('/merge')))
  })

  it('says what the forge refuses, and of which kind that is', async () => {
    const cases = [
      [{ status: 409, message: '' }, 'conflict'],
      [{ status: 405, message: 'Not all required status checks successful' }, 'checks'],
      [{ status: 405, message: 'Invalid merge style' }, 'refusal'],
    ] as const
    for (const [refusal, reason] of cases) {
      const { forge, pulls } = await open()
      forge.addPull({ branch: 'work', head: HEAD })
      forge.mergeRefusal = refusal
      const kept = await landPull(pulls, WORK, 'main', 'rebase', SIGNAL)
      assert.deepEqual([kept.kind, 'reason' in kept && kept.reason], ['kept', reason])
    }
    const none = await landPull(null, WORK, 'main', 'rebase', SIGNAL)
    assert.equal('reason' in none && none.reason, 'refusal')
  })
})
