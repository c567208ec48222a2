// The talk of git with the helper where it goes wrong, or otherwise than usual: a remote that is not there, refspecs of every
// shape, and options that a user's ordinary settings make git send.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FencedWorld } from '../../helpers/fenced.ts'

describe('a fenced push whose remote is not there', () => {
  it("ends with git's own exit code", { timeout: 60_000 }, async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const nowhere = path.join(path.dirname(world.bare), 'nowhere.git')
    const ended = await alice.push(`skein::${nowhere}`, 'main')
    assert.equal(ended.code, 128, ended.stderr)
    assert.match(ended.stderr, /does not appear to be a git repository/)
  })
})
