import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { trackerMarker, type MergeRefusal } from '../../../daemon/ports-tracker.ts'
import { SkeinError } from '../../../protocol/index.ts'
import { HEAD, type ServedPull } from '../../helpers/forge-server.ts'
import { openForgeTracker } from '../../helpers/forge-tracker.ts'

const SIGNAL = AbortSignal.timeout(60_000)
const WANTED = { branch: 'work', target: 'main', title: 'A change', body: 'What it does.' }
const MERGED = { merged: true, commit: 'b'.repeat(40) } as const

interface Refused {
  readonly reason: MergeRefusal
  readonly pull?: Partial<ServedPull>
  readonly says?: { readonly status: number; readonly message: string }
}

const says = (status: number, message: string): Required<Refused>['says'] => ({ status, message })

const SAME: readonly Refused[] = [
  { reason: 'moved', pull: { head: 'e'.repeat(40) } },
  { reason: 'draft', pull: { draft: true } },
  { reason: 'closed', pull: { state: 'closed' } },
  { reason: 'closed', pull: { state: 'closed', merged: 'b'.repeat(40), head: 'e'.repeat(40) } },
  { reason: 'forbidden', says: says(403, 'Forbidden') },
  { reason: 'other', says: says(418, 'I am a teapot') },
]

const REFUSED: Readonly<Record<'github' | 'gitea', readonly Refused[]>> = {
  github: [
    ...SAME,
    {
      reason: 'moved',
      says: says(409, 'Head branch was modified. Review and try the merge again.'),
    },
    {
      reason: 'moved',
      says: says(405, 'Base branch was modified. Review and try the merge again.'),
    },
    { reason: 'method', says: says(405, 'Rebase merges are not allowed on this repository.') },
    {
      reason: 'conflict',
      pull: { mergeable: false, mergeableState: 'dirty' },
      says: says(405, 'Pull Request is not mergeable'),
    },
    {
      reason: 'checks',
      pull: { mergeableState: 'blocked' },
      says: says(405, 'Required status check "ci" is expected.'),
    },
    { reason: 'moved', pull: { mergeableState: 'behind' }, says: says(405, 'Not mergeable') },
    { reason: 'unready', pull: { mergeable: null }, says: says(405, 'Not mergeable') },
  ],
  gitea: [
    ...SAME,
    { reason: 'moved', says: says(409, 'head out of date') },
    { reason: 'moved', says: says(409, 'merge push out of date') },
    { reason: 'conflict', says: says(409, '') },
    { reason: 'other', says: says(409, 'PushRejected: a hook says no') },
    { reason: 'forbidden', says: says(405, 'User not allowed to merge PR') },
    { reason: 'forbidden', says: says(423, 'Repo is archived') },
    { reason: 'draft', says: says(405, 'Work in progress PRs cannot be merged') },
    { reason: 'method', says: says(405, 'Invalid merge style') },
    {
      reason: 'checks',
      says: says(405, 'not allowed to merge [reason: Not all required status checks successful]'),
    },
    // It says so for ever.
    { reason: 'conflict', pull: { mergeable: false }, says: says(405, 'Please try again later') },
  ],
}

for (const kind of ['github', 'gitea'] as const) {
  describe(`a pull request of ${kind}`, () => {
    it('is opened once for a branch and a target', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      forge.addPull({ branch: 'work', from: 'mallory/shop' })
      forge.addPull({ branch: 'work', state: 'closed' })
      const { pull, already } = await pulls.open(WANTED, SIGNAL)
      assert.deepEqual(
        [already, pull.number, pull.branch, pull.target, pull.head, pull.state, pull.mergeCommit],
        [false, 3, 'work', 'main', HEAD, 'open', null],
      )
      assert.match(pull.url ?? '', /\/pulls\/3$/)
      assert.deepEqual(await pulls.open(WANTED, SIGNAL), { pull, already: true })
      assert.equal((await pulls.open({ ...WANTED, target: 'next' }, SIGNAL)).already, false)
    })

    it('is found when somebody else opened it meanwhile, or nobody knows whether we did', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      forge.spoil('POST', /^pulls$/, { kind: 'cut', after: true })
      assert.deepEqual((await pulls.open(WANTED, SIGNAL)).already, false)
      assert.equal(forge.pulls.length, 1)
      // The first look does not see it.
      forge.spoil('GET', /^pulls$/, { kind: 'answer', status: 200, body: '[]' })
      assert.deepEqual((await pulls.open(WANTED, SIGNAL)).already, true)
      forge.spoil('POST', /^pulls$/, {
        kind: 'answer',
        status: 422,
        body: '{"message":"No commits"}',
      })
      const none = pulls.open({ ...WANTED, branch: 'empty' }, SIGNAL)
      await assert.rejects(none, { code: 'TRACKER_REFUSED', message: /No commits/ })
    })

    it('is found by number, and by branch: the open one, else the newest', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      const old = forge.addPull({ state: 'closed' })
      forge.addPull({ state: 'closed', merged: 'b'.repeat(40) })
      assert.equal((await pulls.get('work', SIGNAL))?.state, 'merged')
      assert.equal((await pulls.get('work', SIGNAL))?.mergeCommit, 'b'.repeat(40))
      old.state = 'open'
      assert.equal((await pulls.get('work', SIGNAL))?.number, 1)
      assert.equal((await pulls.get(2, SIGNAL))?.number, 2)
      for (const unknown of [9, 'other']) assert.equal(await pulls.get(unknown, SIGNAL), null)
    })

    it('is told things once, as an issue is', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      forge.addPull()
      const marker = trackerMarker({ event: 'review', assignment: 'asg_1' })
      assert.equal((await pulls.comment(1, marker, 'Good.', SIGNAL)).already, false)
      assert.equal((await pulls.comment(1, marker, 'Good.', SIGNAL)).already, true)
    })
  })

  describe(`a merge on ${kind}`, () => {
    const order = { method: 'rebase', expectedHead: HEAD } as const

    it('happens at the head that was named, and once', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      forge.addPull()
      assert.deepEqual(await pulls.merge(1, order, SIGNAL), MERGED)
      assert.deepEqual(await pulls.merge(1, order, SIGNAL), MERGED)
      assert.equal(forge.asked.filter(({ path }) => path.endsWith('/merge')).length, 1)
    })

    it('of which nobody knows whether it arrived is looked after', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      forge.addPull()
      forge.spoil('PUT', /merge/, { kind: 'cut', after: false })
      forge.spoil('POST', /merge/, { kind: 'cut', after: false })
      await assert.rejects(pulls.merge(1, order, SIGNAL), { code: 'TRACKER_UNREACHABLE' })
      assert.equal(forge.pulls[0]?.state, 'open')
      forge.spoil(kind === 'github' ? 'PUT' : 'POST', /merge/, { kind: 'cut', after: true })
      assert.deepEqual(await pulls.merge(1, order, SIGNAL), MERGED)
    })

    it('waits for a forge that still looks for conflicts', async (t) => {
      const { forge, pulls, pauses } = await openForgeTracker(t, kind)
      const pull = forge.addPull({ mergeable: null })
      forge.mergeRefusal = says(405, 'Please try again later')
      pauses.push = (...given): number => {
        pull.mergeable = true
        forge.mergeRefusal = null
        return given.length
      }
      assert.deepEqual(await pulls.merge(1, order, SIGNAL), MERGED)
    })

    it('is not tried where there is no such pull request, and not with a bad token', async (t) => {
      const { forge, pulls } = await openForgeTracker(t, kind)
      const outcome = await pulls.merge(7, order, SIGNAL)
      assert.ok(!outcome.merged && outcome.reason === 'closed')
      forge.addPull()
      forge.mergeRefusal = says(401, 'Bad credentials')
      await assert.rejects(pulls.merge(1, order, SIGNAL), (error) => {
        assert.ok(error instanceof SkeinError)
        return error.code === 'TRACKER_REFUSED' && /SHOP_TOKEN/.test(error.hint)
      })
    })

    for (const { reason, pull, says: refusal } of REFUSED[kind]) {
      it(`says ${reason} of ${JSON.stringify({ ...pull, ...refusal })}`, async (t) => {
        const { forge, pulls, pauses } = await openForgeTracker(t, kind)
        forge.addPull(pull)
        forge.mergeRefusal = refusal ?? null
        const outcome = await pulls.merge(1, order, SIGNAL)
        assert.ok(!outcome.merged)
        assert.equal(outcome.reason, reason)
        assert.notEqual(outcome.note, '')
        assert.equal(forge.pulls[0]?.merged ?? null, pull?.merged ?? null)
        assert.ok(pauses.length === 0 || pauses.join() === '1000,2000,4000')
      })
    }
  })
}
