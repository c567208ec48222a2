import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { machineFileSchema } from '../../../daemon/config-schema.ts'
import { openDayBook } from '../../../daemon/fleet/limits/day-book.ts'
import { startEstimate } from '../../../daemon/fleet/limits/estimate.ts'
import { obstacleIn, type GateFacts } from '../../../daemon/fleet/limits/gate.ts'
import { openLimits } from '../../../daemon/fleet/limits/limits.ts'
import { isQuiet } from '../../../daemon/fleet/limits/quiet-hours.ts'
import { usageLimitIn } from '../../../daemon/fleet/limits/usage-limit.ts'
import { makeFolder } from '../../helpers/repo.ts'

const at = (time: string): number => Date.parse(`2026-03-10T${time}:00Z`)

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', tz: 'UTC' }
  for (const [time, hours, isIn] of [
    ['21:59', night, false],
    ['22:00', night, true],
    ['00:00', night, true],
    ['06:59', night, true],
    ['07:00', night, false],
    ['12:00', { from: '09:00', to: '17:00', tz: 'UTC' }, true],
    ['17:00', { from: '09:00', to: '17:00', tz: 'UTC' }, false],
    ['03:00', { from: '00:00', to: '00:00', tz: 'UTC' }, true],
    // 22:30 in Berlin.
    ['21:30', { ...night, tz: 'Europe/Berlin' }, true],
  ] as const)
    it(`${hours.from} to ${hours.to} ${hours.tz} at ${time}: ${String(isIn)}`, () => {
      assert.equal(isQuiet(hours, at(time)), isIn)
    })

  it('are checked in config.yml', () => {
    const parse = (quiet: string) => machineFileSchema.safeParse({ fleet: { quiet_hours: quiet } })
    const hours = { from: '22:00', to: '07:00' }
    assert.deepEqual(parse('22:00-07:00').data?.fleet?.quiet_hours, hours)
    const berlin = { ...hours, tz: 'Europe/Berlin' }
    assert.deepEqual(parse('22:00-07:00 Europe/Berlin').data?.fleet?.quiet_hours, berlin)
    for (const wrong of ['24:00-07:00', '22:00-7:00', '22:00', '22:00-07:00 Atlantis', ''])
      assert.equal(parse(wrong).success, false, wrong)
  })
})

describe('what keeps a run from starting', () => {
  const free: GateFacts = {
    ...{ atWork: 0, workersMax: 2, clearing: null, isQuiet: false, pausedUntilMs: null },
    ...{ spentTodayUsd: 1, perDayUsd: null, staggerMsLeft: 0 },
  }
  for (const [facts, kind] of [
    [{}, null],
    [{ atWork: 2 }, 'slots'],
    [{ clearing: 'asg_1' }, 'slots'],
    [{ isQuiet: true, atWork: 2 }, 'quiet-hours'],
    [{ perDayUsd: 1 }, 'spending'],
    [{ perDayUsd: 1.01 }, null],
    [{ pausedUntilMs: 1 }, 'backoff'],
    [{ staggerMsLeft: 1 }, 'backoff'],
  ] as const)
    it(`is ${String(kind)} with ${JSON.stringify(facts)}`, () => {
      assert.equal(obstacleIn({ ...free, ...facts })?.kind ?? null, kind)
    })
})

describe('the usage limit of an account', () => {
  const now = at('12:00')
  const soon = Math.floor(now / 1000) + 3_600
  const event = {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'rejected', resetsAt: soon },
  }
  const said = (type: string) =>
    JSON.stringify({ type, text: `usage limit reached|${String(soon)}` })
  for (const [log, until] of [
    [`Claude AI usage limit reached|${String(soon)}`, soon * 1000],
    [JSON.stringify(event), soon * 1000],
    [said('result'), soon * 1000],
    ["You've hit your limit", now + 1_800_000],
    [`usage limit reached|${String(soon - 7_200)}`, now + 1_800_000],
    ['{"error":{"type":"rate_limit_error"}}', now + 1_800_000],
    // The work may be about limits.
    [said('assistant'), null],
    [said('user'), null],
    ['{"type":"rate_limit_event","rate_limit_info":{"status":"allowed"}}', null],
    ['a test failed', null],
  ] as const)
    it(`is read from ${log.slice(0, 60)}`, () => {
      assert.equal(usageLimitIn(`begun\n${log}\n`, now)?.untilMs ?? null, until)
    })
})

describe('an estimate of what a run costs', () => {
  const line = (id: string, model: string, usage: object, content = '') =>
    JSON.stringify({ type: 'assistant', message: { id, model, usage, content } })

  it('counts each message once, with what it has in the cache', () => {
    const estimate = startEstimate()
    estimate.note(line('m1', 'claude-sonnet-4', { input_tokens: 1_000_000, output_tokens: 10 }))
    estimate.note(
      line('m1', 'claude-sonnet-4', { input_tokens: 1_000_000, output_tokens: 100_000 }),
    )
    assert.equal(estimate.usd().toFixed(2), '4.50')
    estimate.note(line('m2', 'claude-haiku', { cache_read_input_tokens: 1_000_000 }))
    assert.equal(estimate.usd().toFixed(2), '4.60')
  })

  it('does not believe a count that is less than what was said', () => {
    const estimate = startEstimate()
    estimate.note(line('m1', 'opus', { output_tokens: 1 }, 'x'.repeat(30_000)))
    assert.ok(estimate.usd() > 0.5)
  })

  it('knows nothing of what has no price, and breaks at nothing', () => {
    const estimate = startEstimate()
    for (const text of [
      line('m', 'other', { input_tokens: 9e9 }),
      '{"type":"assistant" "usage"',
      'x',
    ])
      estimate.note(text)
    assert.equal(estimate.usd(), 0)
  })
})

describe('what a machine spends', () => {
  it('is counted by its day, over restarts, and nothing twice', (t) => {
    const file = path.join(makeFolder(t), 'workers', 'spending.json')
    let now = at('12:00')
    const book = openDayBook(file, () => now)
    book.note('a/1', 1)
    book.note('a/1', 1.5)
    book.note('b/1', 0.25)
    const after = openDayBook(file, () => now)
    after.note('a/1', 1.5)
    assert.equal(after.spentToday(), 1.75)
    now += 86_400_000
    assert.equal(after.spentToday(), 0)
    after.note('a/1', 2)
    assert.equal(after.spentToday(), 0.5)
  })

  it('ends a run before it passes a bound, by the most that it cost at once', (t) => {
    const fleet = { spending: { per_run: 1 } }
    const config = { fleet } as Parameters<typeof openLimits>[0]['config']
    const clock = { wall: () => at('12:00'), now: () => 0 }
    const limits = openLimits({ folder: makeFolder(t), config, ...clock })
    assert.equal(limits.budget(), 1)
    for (const usd of [0.5, 0.6, 0.75]) assert.equal(limits.spend('a/1', usd), null)
    assert.equal(limits.spend('a/1', 0.86)?.reason, 'spending')
    assert.equal(limits.spend('b/1', 0.5), null)
  })

  it('pauses a launcher whose account may do no more, over restarts', (t) => {
    const folder = makeFolder(t)
    let now = at('12:00')
    const open = () =>
      openLimits({ folder, config: { fleet: {} }, wall: () => now, now: () => now })
    const known = { atWork: 0, clearing: null }
    open().pause('claude', now + 1_000)
    const limits = open()
    assert.equal(limits.obstacle('claude', known)?.kind, 'backoff')
    assert.equal(limits.obstacle('codex', known), null)
    now += 1_000
    assert.equal(limits.obstacle('claude', known), null)
    limits.noteStart()
    assert.equal(limits.obstacle('codex', known)?.kind, 'backoff')
    now += 2_000
    assert.equal(limits.obstacle('codex', known), null)
  })
})
