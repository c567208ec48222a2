import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderLine } from '../../../daemon/cli/commands/logs.ts'
import { renderBug, renderFailure } from '../../../daemon/cli/output/failure.ts'
import { renderQuiet, renderResult } from '../../../daemon/cli/output/faces.ts'
import { hanging, pageOn, type Page } from '../../../daemon/cli/output/page.ts'
import { clean } from '../../../daemon/cli/output/text.ts'
import { fit, widthOf } from '../../../daemon/cli/output/width.ts'
import { relative, span, until } from '../../../daemon/cli/output/time.ts'
import {
  SkeinError,
  type OperationName,
  type OperationResult,
  shellQuote,
} from '../../../protocol/index.ts'
import { at, BEHIND, CLAIM, CONFLICT, EMPTY_CLAIMS, NOW_MS, PLACE, REQUEST } from './fixtures.ts'

const PAGE: Page = {
  width: 100,
  paint: (_style, text) => text,
  nowMs: NOW_MS,
  session: 'mine',
  toRoot: '',
}

function render<Name extends OperationName>(
  name: Name,
  result: OperationResult<Name>,
  page: Partial<Page> = {},
): string {
  return renderResult(name, result, { ...PAGE, ...page })
}

const ANSWER: OperationResult<'claim'> = {
  status: 'granted',
  claims: [],
  conflicts: [],
  more_conflicts: 0,
  waiters: [],
  beside: [],
  queue: null,
  warnings: [],
  options: [],
}

const REFUSED: OperationResult<'claim'> = {
  ...ANSWER,
  status: 'refused',
  conflicts: [CONFLICT],
  options: [
    { action: 'claim_the_rest', why: 'nobody holds these', command: 'skein claim docs' },
    { action: 'why', why: `held until ${at(3600)}`, command: `skein why ${CLAIM.id}` },
  ],
}

describe('the face of claim', () => {
  it('says what was granted, until when, under which fence, and how to give it back', () => {
    const shown = render('claim', { ...ANSWER, claims: [CLAIM], warnings: ['no tracked file yet'] })
    assert.equal(
      shown,
      `granted until 15:59 (in 3 h 59 min), fence 4294967298
  src/auth/**  clm_01K0000000000000000000000A
When done: skein release clm_01K0000000000000000000000A
note: no tracked file yet
`,
    )
  })

  it('lists several claims under each other, with what is special about them', () => {
    const port = { ...CLAIM, kind: 'resource' as const, pattern: 'p', mode: 'shared' as const }
    const module = { ...CLAIM, kind: 'module' as const }
    const lines = render('claim', { ...ANSWER, claims: [CLAIM, port, module] }).split('\n')
    assert.deepEqual(lines.slice(1, 5), [
      `  src/auth/**  ${CLAIM.id}`,
      `  resource p   ${CLAIM.id}  (shared)`,
      `  src/auth/**  ${CLAIM.id}  (module)`,
      'When done: skein release --mine',
    ])
  })

  it('says who, what, until when, why, and what to type next', () => {
    assert.equal(
      render('claim', REFUSED),
      `REFUSED: src/auth/login.ts is held by alice.

  who    alice on desk-1a2b, branch main
  what   src/auth/**
  until  15:59 (in 3 h 59 min)
  why    "rework login"
  claim  clm_01K0000000000000000000000A

Nothing was claimed.

ACTION REQUIRED:
  skein claim docs                          nobody holds these
  skein why clm_01K0000000000000000000000A  held until 13:00 (in 60 min)
`,
    )
  })

  it('prints commands that can be typed in a folder below the root', () => {
    const shown = render('claim', REFUSED, { toRoot: '../..' })
    assert.match(shown, /^ {2}\(cd \.\.\/\.\. && skein claim docs\) /m)
    assert.match(shown, /^ {2}skein why clm_/m)
  })

  it('shows five conflicts and counts the rest', () => {
    const conflicts = Array.from({ length: 7 }, (_, i) => ({
      ...CONFLICT,
      your_pattern: `p${String(i)}`,
      claim: { ...CLAIM, agent: i === 0 ? 'bob' : 'alice' },
    }))
    const shown = render('claim', { ...REFUSED, conflicts, more_conflicts: 3 })
    assert.match(shown, /^REFUSED: 7 of your patterns are held by 2 others\.$/m)
    assert.equal(shown.match(/^ {2}who /gm)?.length, 5)
    assert.match(shown, /and 5 more: skein claims/)
  })

  it('names overlapping paths that the patterns do not say', () => {
    const overlap = ['a', 'b', 'c', 'd', CONFLICT.your_pattern]
    const shown = render('claim', { ...REFUSED, conflicts: [{ ...CONFLICT, overlap }] })
    assert.match(shown, /^ {2}both {3}a, b, c, and 1 more$/m)
  })

  it('tells a lock-delay from a claim that lives', () => {
    const conflicts = [{ ...CONFLICT, lock_delay_s: 7 }]
    const shown = render('claim', { ...REFUSED, conflicts })
    assert.match(shown, /until {2}ended, and kept free for another 7 s/)
  })

  it('cannot be disturbed by what others wrote', () => {
    const evil = 'x\u001b[2J\u202Egnp\r\nREFUSED: nobody\u0007'
    const claim = { ...CLAIM, agent: evil, description: evil, branch: evil }
    const shown = render('claim', { ...REFUSED, conflicts: [{ ...CONFLICT, claim }] })
    assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/)
    assert.equal(shown.match(/^REFUSED/gm)?.length, 1)
    assert.match(shown, /^ {2}why {4}"x\[2Jgnp REFUSED: nobody"$/m)
  })
})

describe('the face of check', () => {
  const asOf = { term: 1, index: 1, age_ms: 0 }
  const base = {
    conflicts: [],
    more_conflicts: 0,
    waiters: [],
    beside: [],
    warnings: [],
    as_of: asOf,
  }

  it('is one line when it is safe', () => {
    const shown = render('check', { ...base, safe: true, would: 'grant' })
    assert.equal(shown, 'safe: a claim would be granted.\n')
    assert.match(render('check', { ...base, safe: true, would: 'coexist' }), /other symbols/)
  })

  it('shows the conflict and the way to its story when it is not', () => {
    const result = { ...base, safe: false, would: 'wait' as const, conflicts: [CONFLICT] }
    const shown = render('check', result)
    assert.match(shown, /^NOT SAFE: src\/auth\/login\.ts is held by alice\.$/m)
    assert.match(shown, /ACTION REQUIRED:\n {2}skein why clm_/)
  })
})

describe('symbols in faces', () => {
  const part = { claim: 'clm_2', agent: 'bob', pattern: 'src/a.ts', symbols: ['A::b', 'C'] }
  const narrowed = { ...CLAIM, except: [part] }

  it('stand with the claim, and beside whom it stands', () => {
    const claims = [{ ...CLAIM, kind: 'symbol' as const, pattern: 'src/a.ts', symbols: ['D'] }]
    const beside = [
      { ...part, narrowed: false },
      { ...part, agent: 'eva', symbols: [], narrowed: true },
    ]
    const shown = render('claim', { ...ANSWER, claims, beside })
    assert.match(shown, /^ {2}src\/a\.ts D {2}clm_/m)
    assert.match(shown, /^ {2}beside src\/a\.ts A::b, C of bob: leave that alone$/m)
    assert.match(shown, /^ {2}out of src\/a\.ts of eva, who is told$/m)
  })

  it('are named where they collide', () => {
    const shared = [{ file: 'src/a.ts', symbols: ['A'] }]
    const held = { ...CLAIM, kind: 'symbol' as const, pattern: 'src/a.ts', symbols: ['A::b'] }
    const met = { ...CONFLICT, your_pattern: 'src/a.ts', claim: held, symbol_overlap: shared }
    const shown = render('claim', { ...REFUSED, conflicts: [met] })
    assert.match(shown, /^REFUSED: src\/a\.ts A is held by alice\.$/m)
    assert.match(shown, /^ {2}what {3}src\/a\.ts A::b$/m)
    assert.match(shown, /^ {2}both {3}src\/a\.ts A$/m)
  })

  it('that others hold are told wherever the narrowed claim is', () => {
    const text = /all but src\/a\.ts A::b, C of bob/
    const list = render('claims', { ...EMPTY_CLAIMS, claims: [narrowed] }, { width: Infinity })
    assert.match(list, /^src\/auth\/\*\* \(narrowed\) /m)
    assert.match(list, text)
    const claims = [{ id: CLAIM.id, fence: 5, live: true, except: [part] }]
    const base = { leader: 'desk', term: 3, commit_index: 9, as_of: at(0) }
    assert.match(render('verify', { ...base, ok: true, claims }), text)
    assert.match(render('why', { holders: [narrowed], events: [], more: false, summary: [] }), text)
  })
})

describe('the face of claims', () => {
  const claims = [
    { ...CLAIM, pattern: 'src/zebra/very/long/path/to/some/file/that/has/a/name.ts' },
    { ...CLAIM, pattern: 'docs', session: 'mine', expires_at: at(45) },
  ]

  it('is a table, sorted by path, with your own claims as yours', () => {
    assert.equal(
      render('claims', { ...EMPTY_CLAIMS, claims }, { width: Infinity }),
      `SCOPE                                                     HOLDER  LEFT        CLAIM                           FOR
docs                                                      you     45 s        clm_01K0000000000000000000000A  rework login
src/zebra/very/long/path/to/some/file/that/has/a/name.ts  alice   3 h 59 min  clm_01K0000000000000000000000A  rework login
`,
    )
  })

  it('says beside the scope what is not simply held, and below what that means', () => {
    const doubtful = [
      { ...CLAIM, pattern: 'a.ts', state: 'provisional' as const, fence: null },
      { ...CLAIM, pattern: 'b.ts', state: 'expired' as const },
    ]
    const shown = render('claims', { ...EMPTY_CLAIMS, claims: doubtful }, { width: Infinity })
    assert.match(shown, /^a\.ts \(not confirmed\) /m)
    assert.match(shown, /^b\.ts \(lapsed\) /m)
    assert.match(shown, /^not confirmed: noted without a majority/m)
    assert.match(shown, /^lapsed: not renewed in time/m)
  })

  for (const width of [80, 100, 120]) {
    it(`fits ${String(width)} columns, and never cuts an id`, () => {
      const shown = render('claims', { ...EMPTY_CLAIMS, claims }, { width })
      for (const line of shown.trimEnd().split('\n')) {
        assert.ok(widthOf(line) <= width, line)
        assert.match(line, /CLAIM|clm_01K0000000000000000000000A/)
      }
    })
  }

  it('leaves out what the claims are for where nobody said it, or there is no room', () => {
    const silent = { ...CLAIM, description: '' }
    assert.doesNotMatch(render('claims', { ...EMPTY_CLAIMS, claims: [silent] }), /FOR/)
    assert.doesNotMatch(render('claims', { ...EMPTY_CLAIMS, claims }, { width: 70 }), /FOR/)
  })

  it('names repositories when there are several', () => {
    const other = { ...CLAIM, repo: 'team/other' }
    const shown = render('claims', { ...EMPTY_CLAIMS, claims: [CLAIM, other] })
    assert.match(shown, /^REPO/)
    assert.match(shown, /^team\/other/m)
  })

  it('says when there are none, what ended lately, and how old the answer is', () => {
    const recent = [{ claim: CLAIM, reason: 'idle', by: 'desk', at: at(-120) }]
    const asOf = { ...EMPTY_CLAIMS.as_of, age_ms: 65_000 }
    const shown = render('claims', { ...EMPTY_CLAIMS, recent, as_of: asOf })
    assert.match(shown, /^No live claims\.\n/)
    assert.match(shown, /^src\/auth\/\*\* +alice +2 min ago +idle +clm_/m)
    assert.match(shown, /note: as this machine knew it 65 s ago/)
  })
})

describe('the faces of other operations', () => {
  it('verify says which claims are gone, and what that means', () => {
    const claims = [
      { id: 'clm_1', fence: 5, live: true, except: [] },
      { id: 'clm_2', fence: null, live: false, except: [] },
    ]
    const base = { leader: 'desk', term: 3, commit_index: 9, as_of: at(0) }
    const shown = render('verify', { ...base, ok: false, claims })
    assert.match(shown, /^live {2}clm_1 {2}fence 5\nGONE {2}clm_2\nsaid by desk in term 3/)
    assert.match(shown, /1 claim is no longer yours: stop writing there/)
    assert.match(shown, /ACTION REQUIRED: skein why clm_2\n$/)
    const none = render('verify', { ...base, ok: true, claims: [] })
    assert.equal(none, 'This session holds no claims.\n')
  })

  it('release says what was given back, and what had ended before', () => {
    const shown = render('release', { state: 'released', released: [CLAIM], already: ['clm_9'] })
    assert.equal(shown, `released src/auth/**  ${CLAIM.id}\nclm_9 had ended already\n`)
    const none = render('release', { state: 'released', released: [], already: [] })
    assert.equal(none, 'Nothing to release.\n')
    const given = { ...CLAIM, state: 'releasing' } as const
    const later = render('release', { state: 'releasing', released: [given], already: [] })
    assert.match(later, /^releasing src\/auth\/\*\* .*\nNo majority answers: it is given up/)
  })

  it('renew and narrow say what stays', () => {
    assert.match(render('renew', { claims: [CLAIM] }), /^renewed src\/auth\/\*\* until 15:59/)
    assert.match(
      render('narrow', { claims: [CLAIM] }),
      /^narrowed until 15:59 .*fence 4294967298\n/,
    )
  })

  it('why tells holders first, then the story with times for people', () => {
    const event = { ...EVENT, at: at(-90) }
    const summary = [`${event.at}  alice was granted src/auth/**`]
    const shown = render('why', { holders: [CLAIM], events: [event], more: true, summary })
    assert.equal(
      shown,
      `src/auth/** is held by alice until 15:59 (in 3 h 59 min)  ${CLAIM.id}
  "rework login"

  11:58 (2 min ago)  alice was granted src/auth/**
  older: --limit N
`,
    )
    const nothing = render('why', { holders: [], events: [], more: false, summary: [] })
    assert.equal(nothing, 'Nobody holds it.\n\nNothing has happened there yet.\n')
  })

  it('status tells what runs, who leads, and what is wrong', () => {
    const shown = render('status', STATUS)
    assert.match(shown, /^skein 0\.1\.0 on desk-1a2b: ready\n/)
    assert.match(shown, /^ {2}http +http:\/\/127\.0\.0\.1:7452$/m)
    assert.match(shown, /^team\/project +leader +desk-1a2b +1 +7 +2 +0$/m)
    const [repo] = STATUS.repos
    assert.ok(repo !== undefined)
    const repos = [{ ...repo, problem: 'the log is damaged', quorum: false }]
    const broken = render('status', { ...STATUS, ready: false, repos })
    assert.match(
      broken,
      /NOT READY[^]*team\/project: the log is damaged\nACTION REQUIRED: skein logs/,
    )
    assert.match(render('status', { ...STATUS, repos: [] }), /Next: cd REPO && skein init/)
  })

  it('config shows each value with its source', () => {
    const values = [
      { key: 'http_port', value: 0, source: 'environment', file: 'SKEIN_HTTP_PORT' },
      { key: 'machine', value: null, source: 'default', file: null },
    ]
    assert.equal(
      render('config', { values }),
      `KEY        VALUE  FROM
http_port  0      SKEIN_HTTP_PORT
machine    -      default
`,
    )
  })

  it('audit verify and recover say what it means', () => {
    const whole = render('audit/verify', { ok: true, events: 1, last: 'abc', problem: null })
    assert.equal(whole, 'whole: 1 event in one chain, the last is abc\n')
    const broken = { ok: false, events: 2, last: null, problem: 'hash in line 3' }
    assert.match(render('audit/verify', broken), /^BROKEN after 2 events\n {2}problem {2}hash/)
    const none = { mesh: 'mesh_1', kept_at: null, missing: [], carried: [] }
    const log = { ...none, what: 'log', done: true, repo: 'a/b', generation: 2, kept_at: '/x' }
    assert.match(
      render('recover', { ...log, what: 'log' }),
      /^begun anew: a\/b, generation 2\n {2}old log {2}\/x\nAll claims/,
    )
    const missing = [{ machine: 'nas', since: '2026-01-01T00:00:00Z' }]
    const carried = [{ repo: 'a/b', claims: 3 }]
    const mesh = { ...none, repo: null, generation: null, missing, carried }
    const shown = render('recover', { ...mesh, what: 'mesh', done: false })
    assert.match(
      shown,
      /^would begin anew: a mesh of this machine alone\n {2}missing {2}nas, since/,
    )
    assert.match(shown, /kept {5}3 claims of 1 repository/)
    assert.match(shown, /nas must not come back with the old home/)
    assert.doesNotMatch(shown, /Next/)
    assert.match(render('recover', { ...mesh, what: 'mesh', done: true }), /Next: .*skein invite/)
  })
})

const EVENT: OperationResult<'why'>['events'][number] = {
  id: 'evt_1',
  repo: 'team/project',
  kind: 'claim.granted',
  at: at(0),
  term: 1,
  index: 1,
  actor: 'alice',
  machine: 'desk',
  data: {},
  prev: '',
  hash: '',
}

const STATUS: OperationResult<'status'> = {
  version: '0.1.0',
  ready: true,
  machine: 'desk-1a2b',
  peer_id: 'p',
  pid: 12,
  home: '/home/eva/.skein',
  http: 'http://127.0.0.1:7452',
  started_at: at(-10),
  mesh: { id: 'm', members: 1, online: 1 },
  repos: [
    {
      id: 'team/project',
      role: 'leader',
      leader: 'desk-1a2b',
      term: 1,
      commit_index: 7,
      voters: ['desk-1a2b'],
      claims: 2,
      narrowed: 0,
      queued: 0,
      quorum: true,
      problem: null,
      checkouts: ['/src'],
      workers: { running: 0, waiting: 0, failed: 0, unlanded: 0 },
    },
  ],
}

describe('the faces of waiting', () => {
  const asOf = EMPTY_CLAIMS.as_of

  it('list places in their order, with how to give up your own', () => {
    const entries = [PLACE, BEHIND].map((place) => ({ ...place, blocked_by: [] }))
    assert.equal(
      render('queue', { entries, as_of: asOf }),
      `PLACE  FOR                WHO  URGENCY  LEFT    ID
1      src/auth/login.ts  bob  normal   10 min  que_01K0000000000000000000000A
2      src/auth/login.ts  you  normal   10 min  que_01K0000000000000000000000B
To give up: skein cancel que_01K0000000000000000000000B
`,
    )
    assert.equal(render('queue', { entries: [], as_of: asOf }), 'Nobody waits.\n')
  })

  it('say when a claim waits, behind whom, and how a wait ended', () => {
    const queued = { ...REFUSED, status: 'queued' as const, queue: BEHIND }
    const shown = render('claim', queued)
    assert.match(shown, /^QUEUED: src\/auth\/login\.ts is held by alice\.$/m)
    assert.match(
      shown,
      /^Waiting for src\/auth\/login\.ts at place 2 behind bob until 12:09 .*que_/m,
    )
    const over = render('claim', { ...REFUSED, queue: { ...BEHIND, ended: 'expired' } })
    assert.match(over, /^REFUSED[^]*^The wait is over without a grant\.$/m)
  })

  it('name who waited first for what nobody holds', () => {
    const refused = { ...ANSWER, status: 'refused' as const, waiters: [PLACE] }
    const shown = render('claim', refused)
    assert.match(shown, /^REFUSED: nobody holds it, but bob waited for it first\.$/m)
    assert.match(shown, /^ {2}waits {2}bob for src\/auth\/login\.ts \(normal\) since 11:59/m)
    const many = Array.from({ length: 7 }, (_, i) => ({ ...PLACE, agent: `a${String(i)}` }))
    const check = { safe: false, conflicts: [], more_conflicts: 0, would: 'wait' as const }
    const rest = { beside: [], warnings: [], as_of: asOf }
    const unsafe = render('check', { ...check, waiters: many, ...rest })
    assert.match(
      unsafe,
      /^NOT SAFE: nobody holds it, but 7 others waited[^]*and 2 more: skein queue/,
    )
    assert.match(unsafe, /^ {2}skein queue {2}who waits for what$/m)
  })

  it('say what was cancelled', () => {
    assert.equal(render('cancel', { cancelled: [PLACE.id] }), `cancelled ${PLACE.id}\n`)
    assert.equal(render('cancel', { cancelled: [] }), 'Nothing waited there any more.\n')
  })
})

describe('the faces of requests', () => {
  it('say who asks whom for what, until when, and what to type next', () => {
    assert.equal(
      render('request', { request: REQUEST, waited_out: false }),
      `bob asks alice for src/auth/login.ts of ${CLAIM.id}: open until 12:05 (in 5 min)  ${REQUEST.id}
  "hotfix"

ACTION REQUIRED:
  skein requests ${REQUEST.id} --wait 60s  wait for the answer
`,
    )
    const answered = { ...REQUEST, decision: 'denied' as const, note: 'not now', scope: null }
    assert.equal(
      render('request', { request: answered, waited_out: false }),
      `bob asks alice for ${CLAIM.id}: denied  ${REQUEST.id}\n  "hotfix" - "not now"\n`,
    )
    const told = { waited_out: false }
    assert.equal(render('requests', { requests: [], ...told }), 'No requests.\n')
    const granted = { ...REQUEST, decision: 'coexist' as const, granted: [CLAIM.id] }
    assert.match(
      render('requests', { requests: [granted], ...told }),
      /^ {2}granted beside it: clm_/m,
    )
  })

  it('show the inbox with the words that answer', () => {
    const beside = { ...CLAIM, agent: 'bob', symbols: ['Login::show'] }
    const narrowed = [{ claim: CLAIM.id, pattern: CLAIM.pattern, by: [beside] }]
    const shown = render('inbox', { requests: [REQUEST], narrowed, waiting: [BEHIND], notices: [] })
    assert.match(
      shown,
      /^narrowed: in your src\/auth\/\*\*, bob holds src\/auth\/\*\* Login::show/m,
    )
    assert.match(shown, /^Waiting for src\/auth\/login\.ts at place 2/m)
    for (const word of ['approve', 'deny', 'narrow PATTERN', 'coexist PATTERN|FILE:SYMBOL'])
      assert.ok(shown.includes(`  skein respond ${REQUEST.id} ${word}`), word)
    assert.equal(
      render('inbox', { requests: [], narrowed: [], waiting: [], notices: [] }),
      'Nothing for you.\n',
    )
  })

  it('tell the holder what its answer did', () => {
    const told = (decision: 'approved' | 'denied' | 'narrowed' | 'coexist', late = false): string =>
      render('respond', { request: { ...REQUEST, decision }, late })
    assert.match(told('approved'), /Your claim is released/)
    assert.match(told('denied'), /You keep your claim/)
    assert.match(told('narrowed'), /You hold less now: skein claims --mine/)
    assert.match(told('coexist'), /leave the part of the other alone/)
    assert.match(told('denied', true), /It had ended before: nothing was changed\.\n$/)
  })
})

describe('renderQuiet', () => {
  it('prints the ids of places and requests', () => {
    assert.equal(renderQuiet({ entries: [PLACE] }), `${PLACE.id}\n`)
    assert.equal(renderQuiet({ cancelled: [PLACE.id] }), `${PLACE.id}\n`)
    assert.equal(renderQuiet({ request: REQUEST }), `${REQUEST.id}\n`)
    assert.equal(
      renderQuiet({ requests: [REQUEST], narrowed: [], waiting: [], notices: [] }),
      `${REQUEST.id}\n`,
    )
  })

  it('is the ids that an answer is about', () => {
    assert.equal(renderQuiet({ claims: [CLAIM, CLAIM] }), `${CLAIM.id}\n${CLAIM.id}\n`)
    assert.equal(renderQuiet({ released: [CLAIM], already: ['x'] }), `${CLAIM.id}\n`)
    assert.equal(renderQuiet({ safe: true }), '')
  })
})

describe('renderFailure', () => {
  it('has three parts, and does not say twice what the message has', () => {
    const error = new SkeinError('CLAIM_NOT_YOURS', 'clm_1 is held by bob', {
      data: { id: 'clm_1', machine: 'desk', list: ['a', 'b'], none: null },
    })
    assert.equal(
      renderFailure(error, PAGE),
      `skein: clm_1 is held by bob (CLAIM_NOT_YOURS)
  machine  desk
  list     a, b
ACTION REQUIRED: skein claims --mine
`,
    )
  })

  it('lists problems, one a line', () => {
    const problems = [
      { place: 'f:1', key: 'a', problem: 'unknown key' },
      { place: 'f:2', key: 'b', problem: 'wrong' },
    ]
    const error = new SkeinError('CONFIG_INVALID', 'The file is wrong.', { data: { problems } })
    const lines = renderFailure(error, PAGE).split('\n')
    assert.deepEqual(lines.slice(1, 3), [
      '  problems  f:1 · a · unknown key',
      '            f:2 · b · wrong',
    ])
  })

  it('says when to try again, and is clean', () => {
    const error = new SkeinError('BUSY', 'full\u001b[31m', { retryAfter: 2 })
    const shown = renderFailure(error, PAGE)
    assert.match(shown, /^skein: full\[31m \(BUSY\)\n {2}retry in {2}2 s\n/)
  })
})

describe('renderBug', () => {
  it('asks for a report, with the place of the log', () => {
    const shown = renderBug(new TypeError('x is undefined'), '/home/log', PAGE)
    assert.match(shown, /^skein: this is a bug in skein: TypeError: x is undefined\n {2}at /)
    assert.match(shown, / {2}log {2}\/home\/log\nACTION REQUIRED: report it/)
  })
})

describe('times', () => {
  it('are relative and absolute', () => {
    const spans = [0, 5, 89, 90, 3599, 5400, 14_340, 86_400, 100_000].map((s) => span(s * 1000))
    const told = [
      'no time',
      '5 s',
      '89 s',
      '2 min',
      '60 min',
      '1 h 30 min',
      '3 h 59 min',
      '1 d',
      '1 d 4 h',
    ]
    assert.deepEqual(spans, told)
    assert.equal(relative(at(-30), NOW_MS), '30 s ago')
    assert.equal(relative(at(0), NOW_MS), 'now')
    assert.equal(until(at(24 * 3600), NOW_MS), 'Sun 22 Nov 12:00 (in 1 d)')
    assert.equal(until('never', NOW_MS), 'never (never)')
  })
})

describe('texts', () => {
  it('are made clean, cut in the middle, and quoted for a shell', () => {
    assert.equal(clean('a\tb\n\u001b]0;x\u0007\u2066c'), 'a b ]0;xc')
    assert.equal(fit('src/auth/login.ts', 9), 'src/…n.ts')
    assert.equal(fit('abc', 3), 'abc')
  })

  it('counts columns, where signs take two of them or none', () => {
    assert.deepEqual(
      ['日本語', 'ﾊﾝｶｸ', 'e\u0301', '🚀', '한국', 'é—…'].map(widthOf),
      [6, 4, 1, 2, 4, 3],
    )
    assert.equal(fit('名前が長いエージェント', 9), '名前…ント')
    for (const width of [0, 1, 2, 3, 4, 5, 8, 13]) {
      assert.ok(widthOf(fit('docs/日本語の説明.md', width)) <= width, String(width))
    }
  })

  it('goes on below itself where the page is too narrow, and cuts no word', () => {
    const lines = hanging('  13:29  a was granted docs/** (clm_1, fence 7)', 4, { width: 24 })
    assert.deepEqual(lines, ['  13:29  a was granted', '    docs/** (clm_1,', '    fence 7)'])
    assert.deepEqual(hanging('unbreakable-word', 4, { width: 8 }), ['unbreakable-word'])
    assert.equal(shellQuote("it's"), `'it'\\''s'`)
    assert.equal(shellQuote(''), "''")
    assert.equal(shellQuote('src/a.ts'), 'src/a.ts')
  })
})

describe('a line of the log', () => {
  it('is time, level, message, fields', () => {
    const time = at(5.123)
    const line = JSON.stringify({ level: 'info', time, repo: 'a/b', n: 1, t: 'x y', msg: 'ready' })
    assert.equal(renderLine(line, PAGE), '12:00:05.123  info   ready  repo=a/b n=1 t="x y"')
    assert.equal(renderLine('no json\u001b[2J', PAGE), 'no json[2J')
  })
})

describe('pageOn', () => {
  const closed = new AbortController().signal
  const terminal = { write: () => undefined, closed, isTerminal: true, columns: 80 }
  const io = (env: Readonly<Record<string, string>>): Parameters<typeof pageOn>[1] =>
    ({ env, now: () => NOW_MS }) as unknown as Parameters<typeof pageOn>[1]

  it('has colours on a terminal only, and not with NO_COLOR', () => {
    const painted = (isTerminal: boolean, env: Readonly<Record<string, string>>): string =>
      pageOn({ ...terminal, isTerminal, stream: process.stdout }, io(env)).paint('bad', 'x')
    assert.equal(painted(true, {}), '\u001b[1;31mx\u001b[0m')
    assert.equal(painted(true, { NO_COLOR: '' }), '\u001b[1;31mx\u001b[0m')
    assert.equal(painted(true, { NO_COLOR: '1' }), 'x')
    assert.equal(painted(true, { TERM: 'dumb' }), 'x')
    assert.equal(painted(false, {}), 'x')
  })
})
