import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Lane } from '../../../daemon/webhooks/lane.ts'
import type { Posted } from '../../../daemon/webhooks/post.ts'
import type { LaneProgress } from '../../../daemon/webhooks/progress.ts'
import { asRepoId, FIRST_PREV, makeId, type AuditEvent } from '../../../protocol/index.ts'
import { until } from '../../helpers/poll.ts'

const OK: Posted = { ok: true, status: 200 }
const DOWN: Posted = { ok: false, status: 503, problem: 'status 503' }
const DAY_MS = 86_400_000

/** A log and a receiver that answers as it is told. */
class Stage {
  readonly log: AuditEvent[] = []
  readonly taken: string[] = []
  kept: LaneProgress | null = null
  answer: (event: AuditEvent) => Posted = () => OK
  nowMs = 1_750_000_000_000
  reads = 0

  event(kind: AuditEvent['kind'] = 'claim.granted'): AuditEvent {
    this.nowMs++
    const id = makeId('evt', this.nowMs, Buffer.alloc(10, this.log.length))
    const at = new Date(this.nowMs).toISOString()
    const names = { repo: asRepoId('a/b'), kind, at, actor: 'ann', machine: 'box' }
    const event = { id, ...names, term: 1, index: 1, data: {}, prev: FIRST_PREV, hash: 'h' }
    this.log.push(event)
    return event
  }

  lane(
    t: TestContext,
    more: { progress?: LaneProgress | null; kinds?: readonly string[] } = {},
  ): Lane {
    const { log } = this
    const noteRead = (): number => this.reads++
    const lane = new Lane({
      audit: () => ({
        last: () => log.at(-1) ?? null,
        seek: (mark) => {
          const at = 'id' in mark ? log.findIndex(({ id }) => id === mark.id) : -1
          return Promise.resolve(at < 0 ? null : { segment: 1, offset: at + 1 })
        },
        async *batches(from) {
          noteRead()
          await Promise.resolve()
          for (let at = from?.offset ?? 0; at < log.length; at += 2) yield log.slice(at, at + 2)
        },
      }),
      kinds: more.kinds ?? null,
      progress: more.progress ?? null,
      keep: (progress) => (this.kept = progress),
      post: (event) => {
        const posted = this.answer(event)
        if (posted.ok) this.taken.push(event.id)
        return Promise.resolve(posted)
      },
      now: () => this.nowMs,
      random: () => 0,
      onFailure: (error) => assert.fail(String(error)),
      onProblem: () => undefined,
    })
    t.after(() => lane.stop())
    return lane
  }

  tell(lane: Lane, kind?: AuditEvent['kind']): AuditEvent {
    const event = this.event(kind)
    lane.take(event)
    return event
  }
}

const ids = (events: readonly AuditEvent[]): readonly string[] => events.map(({ id }) => id)

describe("a webhook's lane", () => {
  it('begins with what happens after it was configured', async (t) => {
    const stage = new Stage()
    stage.event()
    const lane = stage.lane(t)
    const told = [stage.tell(lane), stage.tell(lane), stage.tell(lane)]
    await until('all are taken', () => stage.taken.length === 3)
    assert.deepEqual(stage.taken, ids(told))
  })

  it('goes on behind the last event after a restart, whatever was kept in memory', async (t) => {
    const stage = new Stage()
    const first = stage.lane(t)
    stage.tell(first)
    await until('it is taken', () => stage.taken.length === 1)
    await first.stop()
    const missed = [stage.event(), stage.event(), stage.event()]
    stage.lane(t, { progress: stage.kept })
    await until('all are taken', () => stage.taken.length === 4)
    assert.deepEqual(stage.taken.slice(1), ids(missed))
  })

  it('sends in order what more events than memory holds came for, and none twice', async (t) => {
    const stage = new Stage()
    const lane = stage.lane(t)
    let isUp = false
    stage.answer = () => (isUp ? OK : DOWN)
    const told = Array.from({ length: 2_500 }, () => stage.tell(lane))
    await until('it is stuck', () => lane.state().stuck !== null)
    isUp = true
    lane.hurry()
    await until('all are taken', () => stage.taken.length === told.length)
    assert.deepEqual(stage.taken, ids(told))
  })

  it('sends only the kinds that are asked for', async (t) => {
    const stage = new Stage()
    const lane = stage.lane(t, { kinds: ['queue.*', 'claim.refused'] })
    stage.tell(lane, 'claim.granted')
    const wanted = [stage.tell(lane, 'queue.joined'), stage.tell(lane, 'claim.refused')]
    await until('both are taken', () => stage.taken.length === 2)
    assert.deepEqual(stage.taken, ids(wanted))
  })

  it('gives an event up after a day, keeps it, and sends it when it is asked to', async (t) => {
    const stage = new Stage()
    const lane = stage.lane(t)
    const lost = stage.event()
    stage.answer = ({ id }) => (id === lost.id ? DOWN : OK)
    lane.take(lost)
    await until('it is stuck', () => lane.state().stuck !== null)
    stage.nowMs += DAY_MS
    lane.hurry()
    await until('it is given up', () => lane.state().progress.failed.length === 1)
    assert.equal(lane.state().stuck, null)
    const next = stage.tell(lane)
    await until('the next is taken', () => stage.taken.includes(next.id))
    stage.answer = () => OK
    const find = (id: string) => Promise.resolve(stage.log.find((event) => event.id === id) ?? null)
    assert.equal(await lane.retryFailed(find), 1)
    assert.deepEqual(lane.state().progress.failed, [])
    assert.deepEqual(stage.taken, [next.id, lost.id])
  })

  it('counts that day over restarts', async (t) => {
    const stage = new Stage()
    stage.answer = () => DOWN
    const first = stage.lane(t)
    stage.tell(first)
    await until('it is stuck', () => first.state().stuck !== null)
    await first.stop()
    stage.nowMs += DAY_MS
    const second = stage.lane(t, { progress: stage.kept })
    await until('it is given up', () => second.state().progress.failed.length === 1)
  })

  it('forgets what waits when it is purged, and goes on', async (t) => {
    const stage = new Stage()
    const lane = stage.lane(t)
    stage.answer = () => DOWN
    const before = [stage.tell(lane), stage.tell(lane)]
    await until('it is stuck', () => lane.state().stuck !== null)
    stage.answer = () => OK
    lane.purge()
    const after = stage.tell(lane)
    await until('the next is taken', () => stage.taken.length > 0)
    assert.deepEqual(stage.taken, [after.id])
    assert.equal(before.length, 2)
  })

  it('reads the log once while all goes well', async (t) => {
    const stage = new Stage()
    const lane = stage.lane(t)
    for (let i = 0; i < 50; i++) {
      stage.tell(lane)
      await until('it is taken', () => stage.taken.length === i + 1)
    }
    assert.equal(stage.reads, 1)
  })
})
