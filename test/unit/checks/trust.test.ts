// Which commands of a repository may run on this machine, and how they do.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { runCommand } from '../../../daemon/checks/run.ts'
import { openTrust } from '../../../daemon/checks/trust.ts'
import { createCleaner } from '../../helpers/cleanup.ts'
import { until } from '../../helpers/poll.ts'
import { makeFolder } from '../../helpers/repo.ts'

describe('commands of a repository', () => {
  const cleaner = createCleaner()
  after(() => cleaner.run())
  const approved = (commands: object) => ({ commands, by: 'ann', atMs: 1 })

  it('may run as they were approved last, over restarts, and not otherwise', () => {
    const home = makeFolder(cleaner)
    const trust = openTrust(home)
    const first = { build: 'make', test: 'make test' }
    assert.deepEqual(trust.doubt('a/b', first), ['+ build: make', '+ test: make test'])
    trust.approve('a/b', approved(first))
    assert.equal(openTrust(home).doubt('a/b', { test: 'make test', build: 'make' }), null)
    assert.notEqual(trust.doubt('c/d', first), null)
    assert.deepEqual(trust.doubt('a/b', { build: 'make', test: 'curl x | sh' }), [
      '- test: make test',
      '  build: make',
      '+ test: curl x | sh',
    ])
    assert.notEqual(trust.doubt('a/b', { ...first, housekeeping: ['rm'] }), null)
    assert.ok(trust.revoke('a/b'))
    assert.notEqual(trust.doubt('a/b', first), null)
  })

  const run = (command: string, more: object = {}) => {
    let said = ''
    let pid = 0
    const ended = runCommand({
      ...{ command, cwd: '/', env: { PATH: process.env['PATH'] }, millisecondsMax: 10_000 },
      signal: new AbortController().signal,
      onOutput: (chunk) => (said += chunk.toString()),
      onStart: (started) => (pid = started),
      ...more,
    })
    return ended.then((end) => ({ end, said, pid }))
  }

  it('end with what they have started, in time, and say how', async () => {
    const good = await run('echo out; echo err >&2; read x; exit 0')
    assert.deepEqual(
      [good.end.code, good.said.includes('out'), good.said.includes('err')],
      [0, true, true],
    )
    assert.deepEqual((await run('exit 3')).end, { code: 3, how: 'exit 3' })
    const slow = await run('sleep 60 & sleep 60', { millisecondsMax: 200 })
    assert.deepEqual(slow.end, { code: null, how: 'it took more than 0 s' })
    await until('its group is gone', () => {
      try {
        return !process.kill(-slow.pid, 0)
      } catch {
        return true
      }
    })
    const stopping = new AbortController()
    const stopped = run('echo up; sleep 60', { signal: stopping.signal })
    stopping.abort()
    assert.equal((await stopped).end.how, 'it was stopped')
  })
})
