import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { heldIn } from '../../../daemon/watching/plan.ts'
import { matchesPath, parsePattern } from '../../../protocol/index.ts'

const TRACKED = [
  'README.md',
  'src-old/a.ts',
  'src/a.ts',
  'src/api/b.ts',
  'src/api/c.ts',
  'test/a.ts',
]
const FOLD = { caseExact: false }

function held(pattern: string, kind: 'file' | 'module' | 'symbol' | 'task' = 'file') {
  const { files, folders, isCut } = heldIn([{ kind, pattern }], TRACKED, FOLD)
  return { files: [...files].sort(), folders: [...folders].sort(), isCut }
}

describe('what is held in a checkout', () => {
  it('is the file that a claim names, and its folder, though it is not there yet', () => {
    assert.deepEqual(held('src/a.ts'), { files: ['src/a.ts'], folders: ['src'], isCut: false })
    assert.deepEqual(held('src/new/x.ts'), { files: [], folders: ['src/new'], isCut: false })
  })

  it('is everything below the folder that a claim names, and no folder of a like name', () => {
    const files = ['src/a.ts', 'src/api/b.ts', 'src/api/c.ts']
    assert.deepEqual(held('src').files, files)
    assert.deepEqual(held('SRC').files, files)
    assert.deepEqual(held('src/**').folders, ['src', 'src/api'])
  })

  it('is nothing of tasks', () => {
    assert.deepEqual(held('src', 'task').folders, [])
  })

  it('says when it is cut', () => {
    const claims = Array.from({ length: 60 }, (_, at) => ({
      kind: 'file' as const,
      pattern: `**/x${String(at)}*`,
    }))
    assert.equal(heldIn(claims, TRACKED, FOLD).isCut, true)
  })

  it('has each tracked file that its pattern matches, whatever the letters', () => {
    const part = fc.constantFrom('a', 'B', 'ab', 'A.ts', 'b-c', 'src')
    const file = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    const pattern = fc.oneof(
      file,
      file.map((text) => `${text}/**`),
      file.map((text) => `**/${text}`),
    )
    fc.assert(
      fc.property(fc.uniqueArray(file), pattern, fc.boolean(), (tracked, text, caseExact) => {
        const options = { caseExact }
        const { files } = heldIn([{ kind: 'file', pattern: text }], tracked, options)
        const compiled = parsePattern(text, options)
        const expected = tracked.filter((each) => matchesPath(compiled, each))
        assert.deepEqual([...files].sort(), expected.sort())
      }),
    )
  })
})
