import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLaunchd } from '../../../daemon/service/launchd.ts'
import type { Run } from '../../../daemon/service/run.ts'

/** A launchd of one job. It is what `launchctl print`, `bootstrap` and `bootout` say that counts; the rest passes. */
function makeLaunchd(domain: string): { run: Run; calls: string[] } {
  const calls: string[] = []
  let isThere = false
  const run: Run = ([, act = '', ...words]) => {
    const line = [act, ...words].join(' ')
    if (act !== 'print') calls.push(line)
    const answer = (isDone: boolean, stdout = '') =>
      Promise.resolve({ isDone, stdout, why: isDone ? '' : 'Could not find service' })
    if (act === 'print' && words[0] === domain) return answer(true)
    if (act === 'print') {
      return answer(
        isThere && words[0] === `${domain}/dev.skein.daemon`,
        '\tstate = running\n\tpid = 77\n',
      )
    }
    if (act === 'bootstrap') {
      if (isThere || words[0] !== domain) return answer(false)
      isThere = true
    }
    if (act === 'bootout') isThere = false
    return answer(true)
  }
  return { run, calls }
}

describe('launchd', () => {
  it('loads the agent once, anew where it is new, and lets it go', async () => {
    const { run, calls } = makeLaunchd('gui/501')
    const launchd = createLaunchd(run, 501)
    assert.equal((await launchd.look())?.isActive, false)
    assert.equal((await launchd.turnOn('/f.plist', true)).problem, null)
    assert.deepEqual(await launchd.look(), {
      isEnabled: true,
      isActive: true,
      pid: 77,
      lingers: null,
    })
    assert.equal((await launchd.turnOn('/f.plist', false)).problem, null)
    const load = ['enable gui/501/dev.skein.daemon', 'bootstrap gui/501 /f.plist']
    assert.deepEqual(calls, load)
    assert.equal((await launchd.turnOn('/f.plist', true)).problem, null)
    assert.deepEqual(calls.slice(2), ['bootout gui/501/dev.skein.daemon', ...load])
    assert.equal((await launchd.turnOff('/f.plist')).problem, null)
    assert.equal((await launchd.look())?.isEnabled, false)
  })

  it('finds the domain of a machine without a screen, and says where there is none', async () => {
    const { run, calls } = makeLaunchd('user/501')
    await createLaunchd(run, 501).turnOn('/f.plist', true)
    assert.equal(calls.at(-1), 'bootstrap user/501 /f.plist')
    assert.equal(await createLaunchd(makeLaunchd('none').run, 501).look(), null)
  })
})
