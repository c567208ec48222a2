import assert from 'node:assert/strict'
import { chmodSync, truncateSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createKeptRefs, WIP_REFS } from '../../../daemon/git-kept.ts'
import { git, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
const ID = 'wip_01HZZZZZZZZZZZZZZZZZZZZZZ'

/** A commit of a new file on top of HEAD, as kept work. */
function keep(root: string, id: string, file: string): { commit: string; tree: string } {
  writeIn(root, file, `${file}\n`)
  git(root, 'add', file)
  const tree = git(root, 'write-tree').trim()
  const commit = git(root, 'commit-tree', '-p', 'HEAD', '-m', `of ${file}\n\nünï`, tree).trim()
  git(root, 'rm', '--quiet', '-f', file)
  git(root, 'update-ref', WIP_REFS + id, commit)
  return { commit, tree }
}

describe('refs of kept work', () => {
  it('tell what their commits say, and nothing of what is no commit', async (t) => {
    const root = makeRepo(t)
    const refs = createKeptRefs(env)
    assert.deepEqual(await refs.list(root, undefined), [])
    const { commit, tree } = keep(root, `${ID}1`, 'new')
    git(root, 'tag', '--annotate', '--message', 'a tag', 'v1')
    git(root, 'update-ref', `${WIP_REFS}${ID}2`, 'v1^{}^{tree}')
    git(root, 'update-ref', `${WIP_REFS}${ID}3`, 'v1')
    const [found, ...more] = await refs.list(root, undefined)
    const parent = git(root, 'rev-parse', 'HEAD').trim()
    const keptAtMs = Number(git(root, 'log', '-1', '--format=%ct', commit)) * 1000
    const message = 'of new\n\nünï\n'
    assert.deepEqual(found, { id: `${ID}1`, commit, tree, parent, keptAtMs, message })
    assert.deepEqual(more, [])
  })

  it('tell the files of those that can be read beside one that cannot', async (t) => {
    const root = makeRepo(t)
    const refs = createKeptRefs(env)
    const [first, second] = [keep(root, `${ID}1`, 'one'), keep(root, `${ID}2`, 'two')]
    const object = path.join(root, '.git/objects', first.tree.slice(0, 2), first.tree.slice(2))
    chmodSync(object, 0o600)
    truncateSync(object)
    const files = await refs.files(root, [first.commit, second.commit], undefined)
    assert.deepEqual(files, [[], ['two']])
  })
})
