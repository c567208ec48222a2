// When a branch counts as gone: on a clock that only moves when it is told to.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ASK_MS, BranchWorker, CONFIRM_MS } from '../../../daemon/tasks/branch-watch.ts'
import type { BranchWatchOptions } from '../../../daemon/tasks/branch-watch.ts'
import { SkeinError } from '../../../protocol/index.ts'

const signal = new AbortController().signal

interface Scene {
  now: number
  /** Null: the remote does not answer. */
  branches: Set<string> | null
  fetched: Set<string>
  asked: number
  readonly ended: unknown[]
  readonly claims: Map<string, object>
  look(): Promise<void>
}

function setScene(): Scene {
  const scene: Scene = {
    now: 0,
    branches: new Set(['main', 'topic']),
    fetched: new Set(),
    asked: 0,
    ended: [],
    claims: new Map(),
    look: () => worker.look(signal),
  }
  const host = {
    loop: {
      view: () => ({ state: { claims: scene.claims } }),
      submit: (command: { ids: string[]; branch: string }) => {
        scene.ended.push([command.ids, command.branch])
        for (const id of command.ids) scene.claims.delete(id)
        return Promise.resolve({ kind: 'done' })
      },
    },
  }
  const repo = { id: 'a/b', host, checkouts: ['/x'] }
  const options: unknown = {
    repos: { all: () => [repo] },
    git: { findCheckout: () => Promise.resolve({ root: '/x' }) },
    history: {
      remoteBranches: () => {
        scene.asked++
        return scene.branches === null
          ? Promise.reject(new SkeinError('REPO_NOT_GIT', 'no route'))
          : Promise.resolve(new Set(scene.branches))
      },
      wasFetched: (_: unknown, branch: string) => Promise.resolve(scene.fetched.has(branch)),
    },
    clock: { uptime: () => scene.now },
    peer: 'me',
    log: { info: () => undefined, warn: () => undefined },
  }
  const worker = new BranchWorker(options as BranchWatchOptions)
  return scene
}

function hold(scene: Scene, id: string, branch: string | null, peer = 'me', kind = 'task'): void {
  scene.claims.set(id, { id, kind, pattern: id, branch, peer })
}

describe('the branch of a task', () => {
  it('is asked for once an hour, and only while somebody here works on a task at a branch', async () => {
    const scene = setScene()
    hold(scene, 'file', 'topic', 'me', 'file')
    hold(scene, 'theirs', 'topic', 'other')
    hold(scene, 'detached', null)
    await scene.look()
    assert.equal(scene.asked, 0)
    hold(scene, 'a', 'topic')
    await scene.look()
    scene.now = ASK_MS - 1
    await scene.look()
    assert.equal(scene.asked, 1)
    scene.now = ASK_MS
    await scene.look()
    assert.equal(scene.asked, 2)
  })

  it('is gone when it was there, and two answers ten minutes apart miss it', async () => {
    const scene = setScene()
    hold(scene, 'a', 'topic')
    hold(scene, 'b', 'main')
    await scene.look()
    scene.branches = new Set(['main'])
    scene.now = ASK_MS
    await scene.look()
    assert.deepEqual(scene.ended, [])
    scene.now += CONFIRM_MS - 1
    await scene.look()
    assert.equal(scene.asked, 2)
    scene.now += 1
    await scene.look()
    assert.deepEqual(scene.ended, [[['a'], 'topic']])
    assert.equal(scene.claims.has('b'), true)
  })

  it('is not gone when it comes back, or the task goes on at another one', async () => {
    const scene = setScene()
    hold(scene, 'a', 'topic')
    await scene.look()
    scene.branches = new Set(['main'])
    scene.now = ASK_MS
    await scene.look()
    scene.branches = new Set(['main', 'topic'])
    scene.now += CONFIRM_MS
    await scene.look()
    scene.branches = new Set(['main'])
    scene.now += ASK_MS
    await scene.look()
    hold(scene, 'a', 'second')
    scene.now += CONFIRM_MS
    await scene.look()
    scene.now += CONFIRM_MS
    await scene.look()
    assert.deepEqual(scene.ended, [])
  })

  it('that was never at the remote is young, not gone', async () => {
    const scene = setScene()
    hold(scene, 'a', 'local-only')
    for (let i = 0; i < 4; i++) {
      await scene.look()
      scene.now += ASK_MS
    }
    assert.deepEqual(scene.ended, [])
    scene.fetched.add('local-only')
    await scene.look()
    scene.now += CONFIRM_MS
    await scene.look()
    assert.deepEqual(scene.ended, [[['a'], 'local-only']])
  })

  it('is unknown while the remote does not answer, or has no branch at all', async () => {
    const scene = setScene()
    scene.fetched.add('topic')
    hold(scene, 'a', 'topic')
    for (const answer of [null, new Set<string>()]) {
      scene.branches = answer
      for (let i = 0; i < 3; i++) {
        await scene.look()
        scene.now += ASK_MS
      }
    }
    assert.deepEqual(scene.ended, [])
  })
})
