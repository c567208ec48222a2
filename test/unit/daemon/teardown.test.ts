import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Teardown } from '../../../daemon/teardown.ts'
import { SkeinError } from '../../../protocol/index.ts'

describe('what was started', () => {
  it('is stopped to its first part, whatever fails, and what nobody foresaw is told', async () => {
    const stack = new Teardown()
    const seen: unknown[] = []
    stack.logTo({ error: ({ error }) => seen.push(String(error).split('\n')[0]) })
    stack.add(() => void seen.push('the lock is released'))
    stack.add(() => {
      throw new SkeinError('BUSY', 'git takes too long')
    })
    stack.add(() => Promise.reject(new Error('ENOTDIR')))
    await stack.unwind()
    assert.deepEqual(seen, ['Error: ENOTDIR', 'the lock is released'])
  })
})
