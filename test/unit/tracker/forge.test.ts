import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { trackerMarker } from '../../../daemon/ports-tracker.ts'
import { createTrackers } from '../../../daemon/tracker/trackers.ts'
import { asRepoId, SkeinError } from '../../../protocol/index.ts'
import { PROJECT, type Fault } from '../../helpers/forge-server.ts'
import { openForgeTracker } from '../../helpers/forge-tracker.ts'

const SIGNAL = AbortSignal.timeout(60_000)
const MARKER = trackerMarker({ event: 'completion', assignment: 'asg_1' })

async function errorOf(act: Promise<unknown>): Promise<SkeinError> {
  try {
    await act
  } catch (error) {
    assert.ok(error instanceof SkeinError, String(error))
    return error
  }
  return assert.fail('it did not fail')
}

for (const kind of ['github', 'gitea'] as const) {
  describe(`the issues of ${kind}`, () => {
    it('are read page by page, pull requests left out, and not sent again while nothing changes', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      // Whoever runs it may let a page hold less than is asked for.
      forge.pageMax = 20
      for (let at = 0; at < 60; at++) {
        forge.addIssue({ title: `Issue ${String(at)}` })
        forge.addPull({ branch: `b${String(at)}` })
      }
      const first = await tracker.issues(SIGNAL)
      assert.equal(first.isPartial, false)
      assert.deepEqual(
        first.issues.map(({ number }) => number),
        Array.from({ length: 60 }, (_, at) => at * 2 + 1),
      )
      assert.equal(forge.asked.length, 6)
      assert.ok(forge.asked.every(({ path }) => path === 'issues'))
      assert.deepEqual(await tracker.issues(SIGNAL), first)
      assert.deepEqual([...new Set(forge.asked.slice(6).map(({ status }) => status))], [304])
      forge.addIssue({ title: 'One more' })
      assert.equal((await tracker.issues(SIGNAL)).issues.length, 61)
    })

    it('are read up to a bound, behind which nothing is taken for done', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.pageMax = 2
      for (let at = 0; at < 30; at++) forge.addIssue({ body: 'Depends on #1, #30, #999' })
      const { issues, isPartial } = await tracker.issues(SIGNAL)
      assert.deepEqual([isPartial, issues.length], [true, 20])
      assert.deepEqual(issues[5]?.after, ['issue-1', 'issue-30', 'issue-999'])
      // Of all of them only what is open stands before anything.
      forge.pageMax = 50
      const all = await tracker.issues(SIGNAL)
      assert.deepEqual(all.issues[5]?.after, ['issue-1', 'issue-30'])
    })

    it('are ordered by a work order of whoever may write, and by nobody else', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      for (let at = 0; at < 3; at++) forge.addIssue()
      forge.addIssue({ body: '## Work order\n1. #1\n2. #2' })
      const body = '## Work order\n1. #3\n2. #1'
      forge.addIssue({ body, user: 'mallory', association: 'NONE' })
      const { issues, problems } = await tracker.issues(SIGNAL)
      assert.deepEqual(
        issues.map(({ after }) => after),
        [[], ['issue-1'], [], ['issue-1', 'issue-2'], []],
      )
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', /^#5 orders others, and counts for nothing/)
    })

    it('get a section that leaves the rest as it is, and is found again', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      const body = 'What people\r\nwrote.\t<b>\u200b</b>'
      const issue = forge.addIssue({ body })
      await tracker.editBody('issue-1', MARKER, 'One', SIGNAL)
      await tracker.editBody('issue-1', MARKER, 'Two', SIGNAL)
      issue.body += '\nbelow'
      await tracker.editBody('issue-1', MARKER, 'Three', SIGNAL)
      await tracker.editBody('issue-1', MARKER, 'Three', SIGNAL)
      assert.equal(issue.body, `${body}\n\n${MARKER}\nThree\n<!-- /skein -->\nbelow`)
      assert.equal(forge.calls('PATCH').length, 3)
    })

    it('are created with labels that were not there', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.labels.set('easy', 1)
      const wanted = { marker: MARKER, title: 'T', body: 'B', labels: ['sub-task', 'easy'] }
      forge.spoil('POST', /^issues$/, { kind: 'cut', after: true })
      const { issue, already } = await tracker.createIssue(wanted, SIGNAL)
      assert.deepEqual([already, [...issue.labels].sort()], [false, ['easy', 'sub-task']])
      assert.equal(forge.issues.length, 1)
    })
  })

  describe(`a comment on ${kind}`, () => {
    it('is not posted twice when the connection ends after it arrived', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.addIssue()
      forge.spoil('POST', /comments/, { kind: 'cut', after: true })
      const said = await tracker.comment('issue-1', MARKER, 'Done.', SIGNAL)
      assert.equal(said.already, false)
      assert.match(said.url ?? '', /#comment-1$/)
      assert.deepEqual(
        forge.comments.map(({ body }) => body),
        [`${MARKER}\nDone.`],
      )
    })

    it('that did not arrive is told as that, and posted when it is asked for again', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.addIssue()
      for (const fault of [
        { kind: 'cut', after: false },
        { kind: 'answer', status: 502 },
      ] as const) {
        forge.spoil('POST', /comments/, fault)
        const error = await errorOf(tracker.comment('issue-1', MARKER, 'Done.', SIGNAL))
        assert.equal(error.code, 'TRACKER_UNREACHABLE')
      }
      assert.equal(forge.comments.length, 0)
      assert.equal((await tracker.comment('issue-1', MARKER, 'Done.', SIGNAL)).already, false)
      assert.equal(forge.comments.length, 1)
    })

    it('is kept from nobody by a stranger who writes its marker, nor by whoever quotes it', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.addIssue()
      forge.say(1, MARKER, 'mallory', 'CONTRIBUTOR')
      forge.say(1, `> ${MARKER}\nindeed`)
      assert.equal((await tracker.comment('issue-1', MARKER, 'Done.', SIGNAL)).already, false)
      // Another machine's account, which may write there.
      forge.addIssue()
      forge.say(2, `${MARKER}\nDone.`, 'ann', 'COLLABORATOR')
      assert.equal((await tracker.comment('issue-2', MARKER, 'Done.', SIGNAL)).already, true)
    })

    it('is looked for on every page', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.addIssue()
      for (let at = 0; at < 250; at++) forge.say(1, String(at))
      await tracker.comment('issue-1', MARKER, 'Done.', SIGNAL)
      assert.equal((await tracker.comment('issue-1', MARKER, 'Done.', SIGNAL)).already, true)
    })

    it('on no issue is refused', async (t) => {
      const { tracker } = await openForgeTracker(t, kind)
      for (const task of ['issue-7', 'fix-login', '../x']) {
        const error = await errorOf(tracker.comment(task, MARKER, 'Done.', SIGNAL))
        assert.equal(error.code, 'TRACKER_REFUSED', task)
      }
    })
  })

  describe(`a rate limit of ${kind}`, () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    const limits: readonly (readonly [what: string, fault: Fault, untilMs: number])[] = [
      [
        'Retry-After',
        { kind: 'answer', status: 429, headers: { 'retry-after': '90' } },
        now + 90_000,
      ],
      [
        'Retry-After as a date',
        {
          kind: 'answer',
          status: 403,
          headers: { 'retry-after': 'Sun, 22 Nov 2026 12:05:00 GMT' },
        },
        now + 300_000,
      ],
      [
        'a reset',
        {
          kind: 'answer',
          status: 403,
          headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 600) },
        },
        now + 600_000,
      ],
      [
        'words alone',
        {
          kind: 'answer',
          status: 403,
          body: '{"message":"You have exceeded a secondary rate limit"}',
        },
        now + 60_000,
      ],
      ['nothing', { kind: 'answer', status: 429 }, now + 60_000],
      [
        'a reset of ever',
        {
          kind: 'answer',
          status: 429,
          headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '999999999999' },
        },
        now + 3_600_000,
      ],
      [
        'an odd header',
        { kind: 'answer', status: 429, headers: { 'retry-after': 'soon' } },
        now + 60_000,
      ],
    ]
    for (const [what, fault, untilMs] of limits) {
      it(`told by ${what} is kept`, async (t) => {
        const { forge, tracker, clock } = await openForgeTracker(t, kind)
        forge.addIssue()
        forge.spoil('GET', /^issues/, fault)
        const error = await errorOf(tracker.issues(SIGNAL))
        assert.equal(error.code, 'TRACKER_RATE_LIMITED')
        const retryAt = new Date(untilMs).toISOString()
        assert.equal((error.data as { readonly retry_at: string }).retry_at, retryAt)
        assert.equal(error.retryAfter, (untilMs - now) / 1000)
        // Nobody is asked until then.
        const asked = forge.asked.length
        clock.nowMs = untilMs - 1
        const again = await errorOf(tracker.comment('issue-1', MARKER, 'Done.', SIGNAL))
        assert.equal(again.code, 'TRACKER_RATE_LIMITED')
        assert.equal(forge.asked.length, asked)
        clock.nowMs = untilMs
        assert.equal((await tracker.issues(SIGNAL)).issues.length, 1)
      })
    }

    it('that the last good answer announces is kept, too', async (t) => {
      const { forge, tracker, clock } = await openForgeTracker(t, kind)
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 60) }
      forge.spoil('GET', /^issues/, { kind: 'answer', status: 200, headers, body: '[]' })
      assert.deepEqual((await tracker.issues(SIGNAL)).issues, [])
      assert.equal((await errorOf(tracker.issues(SIGNAL))).code, 'TRACKER_RATE_LIMITED')
      clock.nowMs += 60_000
      await tracker.issues(SIGNAL)
    })
  })

  describe(`${kind} that answers badly`, () => {
    const json = { 'content-type': 'application/json' }
    const faults: readonly (readonly [what: string, code: string, fault: Fault])[] = [
      ['cuts the connection', 'TRACKER_UNREACHABLE', { kind: 'cut', after: false }],
      ['sends half', 'TRACKER_UNREACHABLE', { kind: 'half' }],
      ['fails', 'TRACKER_UNREACHABLE', { kind: 'answer', status: 500 }],
      [
        'sends truncated JSON',
        'TRACKER_UNREACHABLE',
        { kind: 'answer', status: 200, headers: json, body: '[{"number":1,' },
      ],
      [
        'sends a page',
        'TRACKER_UNREACHABLE',
        { kind: 'answer', status: 200, body: '<html>Welcome</html>' },
      ],
      [
        'sends wrong types',
        'TRACKER_UNREACHABLE',
        { kind: 'answer', status: 200, body: '[{"number":"1","title":[]}]' },
      ],
      [
        'sends an object',
        'TRACKER_UNREACHABLE',
        { kind: 'answer', status: 200, body: '{"number":1}' },
      ],
      ['sends null', 'TRACKER_UNREACHABLE', { kind: 'answer', status: 200, body: 'null' }],
      [
        'sends too much',
        'TRACKER_UNREACHABLE',
        { kind: 'answer', status: 200, body: ' '.repeat(16 * 1024 * 1024 + 1) },
      ],
      [
        'knows no such project',
        'TRACKER_REFUSED',
        { kind: 'answer', status: 404, body: '{"message":"Not Found"}' },
      ],
      [
        'forbids',
        'TRACKER_REFUSED',
        { kind: 'answer', status: 403, body: '{"message":"Resource not accessible\\u0007"}' },
      ],
      [
        'is archived',
        'TRACKER_REFUSED',
        { kind: 'answer', status: 423, body: '{"message":"archived"}' },
      ],
    ]
    for (const [what, code, fault] of faults) {
      it(`and ${what} costs an error`, async (t) => {
        const { forge, tracker } = await openForgeTracker(t, kind)
        forge.addIssue()
        forge.spoil('GET', /^issues/, fault)
        const error = await errorOf(tracker.issues(SIGNAL))
        assert.equal(error.code, code)
        assert.doesNotMatch(error.message + error.hint, /\p{Cc}|Welcome|a-secret/u)
        assert.ok(error.message.length < 400)
        assert.equal((await tracker.issues(SIGNAL)).issues.length, 1)
      })
    }

    it('is not followed anywhere, neither by a redirect nor by a link', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.addIssue()
      let asked = 0
      const trap = http.createServer((_, response) => {
        asked++
        response.end('[]')
      })
      t.after(() => trap.close())
      trap.listen(0, '127.0.0.1')
      await new Promise((resolve) => trap.once('listening', resolve))
      const url = `http://127.0.0.1:${String((trap.address() as AddressInfo).port)}/x?page=2`
      forge.spoil('GET', /^issues/, { kind: 'answer', status: 301, headers: { location: url } })
      const error = await errorOf(tracker.issues(SIGNAL))
      assert.equal(error.code, 'TRACKER_REFUSED')
      assert.match(error.hint, /redirects are not followed/)
      const headers = { link: `<${url}>; rel="next"` }
      forge.spoil('GET', /^issues/, {
        kind: 'answer',
        status: 200,
        headers,
        body: '[{"number":9,"title":"","state":"open"}]',
      })
      await tracker.issues(SIGNAL)
      assert.equal(asked, 0)
    })

    it('and never ends its list is read up to the bound', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      for (let page = 1; page <= 50; page++) {
        const headers = { link: `</x?page=${String(page + 1)}>; rel="next"` }
        const body = JSON.stringify([{ number: page, title: 'x', state: 'open' }])
        forge.spoil('GET', /^issues/, { kind: 'answer', status: 200, headers, body })
      }
      const { issues, isPartial } = await tracker.issues(SIGNAL)
      assert.deepEqual([issues.length, isPartial], [10, true])
    })

    it('and repeats the token has it masked', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      const body = JSON.stringify({
        message: `no: ${forge.token}`,
        errors: [{ message: forge.token }],
      })
      forge.spoil('GET', /^issues/, { kind: 'answer', status: 401, body })
      const error = await errorOf(tracker.issues(SIGNAL))
      assert.match(error.message, /no: \(token\); \(token\)/)
      assert.doesNotMatch(JSON.stringify(error), /a-secret-token/)
      assert.match(error.hint, /SHOP_TOKEN/)
    })

    it('and does not answer ends with its caller', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind)
      forge.spoil('GET', /^issues/, { kind: 'silent' })
      await assert.rejects(tracker.issues(AbortSignal.timeout(50)), { name: 'TimeoutError' })
    })
  })

  describe(`${kind} without a token`, () => {
    it('is read, and a refusal names the variable', async (t) => {
      const { forge, tracker } = await openForgeTracker(t, kind, { token: false })
      forge.addIssue({ title: 'Public' })
      assert.equal((await tracker.issues(SIGNAL)).issues[0]?.title, 'Public')
      assert.ok(forge.asked.every(({ headers }) => headers.authorization === undefined))
      const error = await errorOf(tracker.comment('issue-1', MARKER, 'Done.', SIGNAL))
      assert.equal(error.code, 'TRACKER_REFUSED')
      assert.match(error.hint, /^Set SHOP_TOKEN in the environment of the daemon/)
    })
  })
}

describe('the address of a forge', () => {
  const called = async (settings: object, repo = PROJECT): Promise<string> => {
    const places: string[] = []
    const trackers = createTrackers({
      config: { tracker: settings as never },
      env: {},
      clock: { wall: Date.now },
      send: (url) => {
        places.push(url.href)
        return Promise.resolve({ kind: 'failed', problem: 'not here' })
      },
    })
    const error = await errorOf(trackers.of(asRepoId(repo), null).issues(SIGNAL))
    assert.equal(error.code, 'TRACKER_UNREACHABLE')
    return places[0]?.replace(/\?.*/, '') ?? ''
  }
  const table: readonly (readonly [settings: object, place: string])[] = [
    [{ kind: 'github' }, 'https://api.github.com/repos/team/shop/issues'],
    [
      { kind: 'github', url: 'https://github.com/' },
      'https://api.github.com/repos/team/shop/issues',
    ],
    [
      { kind: 'github', url: 'https://api.github.com' },
      'https://api.github.com/repos/team/shop/issues',
    ],
    [
      { kind: 'github', url: 'https://g.example.org' },
      'https://g.example.org/api/v3/repos/team/shop/issues',
    ],
    [
      { kind: 'github', url: 'https://g.example.org/api/v3/' },
      'https://g.example.org/api/v3/repos/team/shop/issues',
    ],
    [
      { kind: 'gitea', url: 'http://g.example.org/git' },
      'http://g.example.org/git/api/v1/repos/team/shop/issues',
    ],
    [
      { kind: 'gitea', url: 'http://g.example.org/api/v1?x=1' },
      'http://g.example.org/api/v1/repos/team/shop/issues',
    ],
    [{ kind: 'github', project: 'other/name' }, 'https://api.github.com/repos/other/name/issues'],
  ]
  for (const [settings, place] of table) {
    it(`of ${JSON.stringify(settings)} is ${place}`, async () => {
      assert.equal(await called({ [PROJECT]: settings }), place)
    })
  }

  it('is never link-local', async () => {
    for (const url of ['http://169.254.169.254', 'http://[fe80::1]']) {
      const trackers = createTrackers({
        config: { tracker: { [PROJECT]: { kind: 'gitea', url } } },
        env: { GITEA_TOKEN: 'a-secret-token' },
        clock: { wall: Date.now },
      })
      const error = await errorOf(trackers.of(asRepoId(PROJECT), null).issues(SIGNAL))
      assert.match(error.message, /a link-local address is never called/)
    }
  })
})
