// A push that is refused is told on its pull request: real git over http, a real daemon, a forge on loopback.
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FencedWorld } from '../../helpers/fenced.ts'
import { FakeForge } from '../../helpers/forge.ts'
import { until } from '../../helpers/poll.ts'

describe('a refused push', () => {
  for (const fenced of [true, false]) {
    it(`${fenced ? 'through the helper' : 'by the hook'} is told on its pull request`, async (t) => {
      const forge = await FakeForge.listen(t, 'gitea')
      const configYml = `webhooks: [{ url: '${forge.url}', name: forge, forge: gitea, token: ${forge.token} }]\n`
      const world = await FencedWorld.make(t, { transport: 'http', configYml })
      const repo = new URL(world.served.url).pathname.slice(1).replace(/\.git$/, '')
      forge.pulls.push({ repo, number: 5, from: repo, branch: 'topic' })
      const holder = await world.clone('alice')
      const { id } = await holder.claim('src/auth/**')
      const bob = await world.clone('bob', { fenced })
      if (!fenced) {
        const hook = path.join(bob.root, '.git', 'hooks', 'pre-push')
        writeFileSync(hook, '#!/bin/sh\nexec skein hook pre-push "$@"\n')
        chmodSync(hook, 0o755)
      }
      await bob.commit('src/auth/login.ts', "bob's")
      const pushed = await bob.push('origin', 'HEAD:topic')
      assert.equal(pushed.code, 1, pushed.stderr)
      await until('the comment is there', () => forge.comments.length > 0)
      const [comment] = forge.comments
      assert.equal(comment?.where, `${repo}#5`)
      assert.match(comment.body, /`src\/auth\/login\.ts` is held by/)
      assert.ok(comment.body.includes(id))
      const { events } = await world.daemon.client.must('events', {
        cwd: bob.root,
        kinds: ['push.refused'],
      })
      assert.deepEqual(
        events.map(({ data }) => [data['remote'], data['refs'], data['files_total']]),
        [[`127.0.0.1/${repo}`, ['refs/heads/topic'], 1]],
      )
      const { webhooks } = await world.daemon.client.must('webhooks/list', {})
      assert.deepEqual([webhooks[0]?.forge, webhooks[0]?.events], ['gitea', ['push.refused']])
      const shown = JSON.stringify(await world.daemon.client.must('config', {}))
      assert.equal(shown.includes(forge.token), false)
    })
  }
})
