// Comments on pull requests against a server that speaks the forges' APIs.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { tellPullRequests } from '../../../daemon/webhooks/comment.ts'
import type { Forge } from '../../../daemon/webhooks/forge.ts'
import { asRepoId, FIRST_PREV, type AuditEvent } from '../../../protocol/index.ts'
import { FakeForge } from '../../helpers/forge.ts'

function refused(data: object = {}): AuditEvent {
  return {
    id: 'evt_01JXT2JW91GAG6X51DA7M1Y9EF',
    repo: asRepoId('team/shop'),
    kind: 'push.refused',
    at: '2026-01-02T03:04:05.678Z',
    ...{ term: 1, index: 2, actor: 'ann', machine: 'box', prev: FIRST_PREV, hash: 'aa' },
    data: {
      agent: 'ann',
      remote: '127.0.0.1/team/shop',
      refs: ['refs/heads/topic'],
      files_total: 12,
      files: [
        {
          path: 'src/a`b.ts',
          symbols: ['login'],
          claim: 'clm_1',
          holder: '@bob <img>',
          holder_machine: 'box',
          fence: 7,
          until: '2026-01-02T07:04:05.678Z',
        },
      ],
      ...data,
    },
  }
}

async function setUp(t: TestContext, kind: Forge['kind']): Promise<readonly [FakeForge, Forge]> {
  const fake = await FakeForge.listen(t, kind)
  return [fake, { kind, url: new URL(fake.url), token: fake.token }]
}

const signal = new AbortController().signal

for (const kind of ['github', 'gitea'] as const) {
  describe(`a refused push on ${kind}`, () => {
    it('is told in one comment, which the next refusal writes anew', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      // More than one page of others, of pull requests and of comments.
      for (let number = 1; number <= 70; number++)
        fake.pulls.push({
          repo: 'team/shop',
          number,
          from: 'team/shop',
          branch: `b${String(number)}`,
        })
      fake.pulls.push({ repo: 'team/shop', number: 71, from: 'else/shop', branch: 'topic' })
      fake.pulls.push({ repo: 'team/shop', number: 72, from: 'team/shop', branch: 'topic' })
      for (let at = 0; at < 60; at++) fake.say('team/shop#72', '> <!-- skein: a refused push -->')
      assert.equal((await tellPullRequests(forge, refused(), signal)).ok, true)
      assert.equal((await tellPullRequests(forge, refused({ agent: 'cat' }), signal)).ok, true)
      assert.equal(fake.comments.length, 61)
      const [comment] = fake.comments.slice(60)
      assert.equal(comment?.where, 'team/shop#72')
      assert.match(comment.body, /by `cat` at 2026-01-02/)
      assert.match(
        comment.body,
        /^- ``src\/a`b\.ts`` \(`login`\) is held by `@bob <img>` on `box`/m,
      )
      assert.match(comment.body, /^- and 11 more$/m)
      assert.match(comment.body, /`skein request clm_1 --reason TEXT`/)
    })

    it('leaves a comment of somebody else alone that begins like its own', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      fake.pulls.push({ repo: 'team/shop', number: 72, from: 'team/shop', branch: 'topic' })
      fake.say('team/shop#72', '<!-- skein: a refused push --> is what it begins with')
      for (const agent of ['ann', 'cat'])
        assert.equal((await tellPullRequests(forge, refused({ agent }), signal)).ok, true)
      assert.deepEqual(
        fake.comments.map(({ body }) => /is what it begins with|by `cat`/.exec(body)?.[0]),
        ['is what it begins with', 'by `cat`'],
      )
    })

    it('is told in one comment where the token may not ask whose it is', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      fake.isNamed = false
      fake.pulls.push({ repo: 'team/shop', number: 72, from: 'team/shop', branch: 'topic' })
      for (const agent of ['ann', 'cat'])
        assert.equal((await tellPullRequests(forge, refused({ agent }), signal)).ok, true)
      assert.equal(fake.comments.length, 1)
    })

    it('is told where a fork asks for its branch', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      fake.parents.set('team/shop', 'above/shop')
      fake.pulls.push({ repo: 'above/shop', number: 3, from: 'team/shop', branch: 'topic' })
      assert.equal((await tellPullRequests(forge, refused(), signal)).ok, true)
      assert.deepEqual(
        fake.comments.map(({ where }) => where),
        ['above/shop#3'],
      )
    })

    it('is not told where nobody asks for its branch, nor of other hosts', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      assert.equal((await tellPullRequests(forge, refused(), signal)).ok, true)
      const { asked } = fake
      const elsewhere = refused({ remote: 'git.example.org/team/shop' })
      assert.equal((await tellPullRequests(forge, elsewhere, signal)).ok, true)
      assert.equal((await tellPullRequests(forge, refused({ remote: null }), signal)).ok, true)
      assert.deepEqual([fake.comments, fake.asked], [[], asked])
    })

    it('is tried again where the forge fails, limits or answers nonsense', async (t) => {
      const [fake, forge] = await setUp(t, kind)
      for (const status of [401, 403, 429, 500]) {
        fake.status = status
        const posted = await tellPullRequests(forge, refused(), signal)
        assert.deepEqual([posted.ok, posted.status], [false, status])
      }
      fake.status = 200
      const posted = await tellPullRequests(forge, refused(), signal)
      assert.match(posted.ok ? '' : posted.problem, /not understood, to repos\/team\/shop\/pulls$/)
    })
  })
}
