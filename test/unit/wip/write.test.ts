import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { putTogether, type FileToPut } from '../../../daemon/wip/write.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

function file(name: string, text = 'new\n'): FileToPut {
  return { path: name, content: { mode: '100644', bytes: Buffer.from(text) } }
}

describe('files that are put together', () => {
  it('say which of them are in place where one cannot be, and what goes is still there', (t) => {
    const root = makeFolder(t)
    writeIn(root, 'old', 'old\n')
    const files = [{ path: 'old', content: null }, file('a/b/c'), file('d'), file('e')]
    const { written, failure } = putTogether(root, files, () => {
      assert.deepEqual(
        [existsSync(path.join(root, 'a')), existsSync(path.join(root, 'd'))],
        [false, false],
      )
      writeIn(root, 'd/inside', 'a folder where a file has to be\n')
    })
    assert.deepEqual([written, failure?.code], [['a/b/c'], 'WIP_UNWRITABLE'])
    assert.deepEqual(failure?.data, { file: 'd', written: ['a/b/c'] })
    assert.match(failure.message, /restored before it: a\/b\/c\.$/)
    assert.equal(readFileSync(path.join(root, 'old'), 'utf8'), 'old\n')
    assert.deepEqual(readdirSync(root).sort(), ['a', 'd', 'old'])
  })

  it('leave nothing behind where the last look finds something', (t) => {
    const root = makeFolder(t)
    assert.throws(() =>
      putTogether(root, [file('a/b'), file('c')], () => {
        throw new Error('found')
      }),
    )
    assert.deepEqual(readdirSync(root), [])
  })
})
