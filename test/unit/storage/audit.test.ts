import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { describe, it } from 'node:test'
import type { AuditLog, AuditOptions } from '../../../daemon/storage/audit.ts'
import { openAudit } from '../../../daemon/storage/audit.ts'
import { readBackward, readForward } from '../../../daemon/storage/audit-read.ts'
import type { AuditEvent, AuditEventInput } from '../../../protocol/index.ts'
import { FIRST_PREV, asRepoId, canonicalEvent, isEventKind } from '../../../protocol/index.ts'
import { watchOps } from './watched-ops.ts'

const SMALL = { segmentBytesMax: 2_000 } as const

function makeDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(tmpdir(), 'skein-audit-'))
  t.after(() => {
    fs.rmSync(directory, { recursive: true })
  })
  return path.join(directory, 'acme', 'app')
}

function eventOf(n: number, more: Partial<AuditEventInput> = {}): AuditEventInput {
  return {
    id: `evt_${String(n).padStart(26, '0')}`,
    repo: asRepoId('acme/app'),
    kind: n % 3 === 0 ? 'claim.released' : 'claim.granted',
    at: `2026-11-21T14:00:00.${String(n % 1000).padStart(3, '0')}Z`,
    term: 2,
    index: n,
    actor: `ann@box/claude/${String(n % 2)}`,
    machine: 'box',
    data: { z: 1, pattern: 'src/ü/**', a: [n, null, { y: 'é', b: undefined }] },
    ...more,
  }
}

/** A log of so many events, closed. */
async function makeLog(directory: string, count: number, options: AuditOptions = SMALL) {
  const audit = openAudit(directory, options)
  const events = Array.from({ length: count }, (_, n) => audit.append(eventOf(n)))
  await audit.close()
  return events
}

function segmentsOf(directory: string): string[] {
  return fs.readdirSync(directory).map((name) => path.join(directory, name))
}

function linesOf(directory: string): string[] {
  const text = segmentsOf(directory).map((file) => fs.readFileSync(file, 'utf8'))
  return text.join('').split('\n').slice(0, -1)
}

async function verdictOf(directory: string) {
  const audit = openAudit(directory, SMALL)
  const verdict = await audit.verify()
  await audit.close()
  return verdict
}

async function idsOf(audit: AuditLog, ...args: Parameters<AuditLog['scan']>): Promise<number[]> {
  const found: number[] = []
  for await (const event of audit.scan(...args)) found.push(event.index)
  return found
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)

describe('an audit event', () => {
  it('has one canonical text, whatever the order of its keys, and its hash is of that text', async (t) => {
    const directory = makeDirectory(t)
    const [event] = await makeLog(directory, 1)
    assert.ok(event !== undefined)
    const text =
      '{"id":"evt_00000000000000000000000000","repo":"acme/app","kind":"claim.released",' +
      '"at":"2026-11-21T14:00:00.000Z","term":2,"index":0,"actor":"ann@box/claude/0","machine":"box",' +
      `"data":{"a":[0,null,{"y":"é"}],"pattern":"src/ü/**","z":1},"prev":"${FIRST_PREV}"}`
    assert.equal(canonicalEvent(event), text)
    assert.equal(event.hash, createHash('sha256').update(text).digest('hex'))
    assert.deepEqual(linesOf(directory), [`${text.slice(0, -1)},"hash":"${event.hash}"}`])
  })

  it('has a kind of the table or of one of its families', () => {
    const known = ['claim.granted', 'merge.landed', 'assignment.running'].every(isEventKind)
    assert.ok(known)
    const unknown = ['claim.other', 'merge', 'merge.*', '', 'toString', 'x.y'].some(isEventKind)
    assert.ok(!unknown)
  })
})

describe('an audit log', () => {
  it('goes on with its chain over restarts and segments', async (t) => {
    const directory = makeDirectory(t)
    let last = null
    for (let round = 0; round < 5; round++) {
      const audit = openAudit(directory, SMALL)
      assert.deepEqual(audit.last(), last)
      for (const n of range(round * 10, round * 10 + 10)) audit.append(eventOf(n))
      last = audit.last()
      await audit.close()
    }
    assert.equal(last?.index, 49)
    assert.ok(segmentsOf(directory).length > 5)
    for (const file of segmentsOf(directory)) assert.ok(fs.statSync(file).size <= 2_000)
    assert.equal(fs.statSync(segmentsOf(directory)[0] ?? '').mode & 0o777, 0o600)
    const { broken, startsAt, events } = await verdictOf(directory)
    assert.deepEqual({ broken, startsAt, events }, { broken: null, startsAt: null, events: 50 })
  })

  it('takes an event that is larger than a segment', async (t) => {
    const directory = makeDirectory(t)
    const audit = openAudit(directory, SMALL)
    for (const n of range(0, 3)) audit.append(eventOf(n, { data: { text: 'x'.repeat(5_000) } }))
    await audit.close()
    assert.equal(segmentsOf(directory).length, 3)
    assert.equal((await verdictOf(directory)).broken, null)
  })

  it('writes by itself within some milliseconds, and at once when much waits', async (t) => {
    const directory = makeDirectory(t)
    const disk = watchOps()
    const audit = openAudit(directory, { ops: disk.ops })
    audit.append(eventOf(1))
    audit.append(eventOf(2))
    assert.deepEqual(disk.history, [])
    while (disk.history.length < 1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(linesOf(directory).length, 2)
    for (const n of range(3, 6)) audit.append(eventOf(n, { data: { text: 'x'.repeat(400_000) } }))
    assert.ok(linesOf(directory).length >= 5)
    await audit.close()
  })

  it('drops a torn end, wherever it tore, and tells it', async (t) => {
    const directory = makeDirectory(t)
    const events = await makeLog(directory, 4)
    const [file] = segmentsOf(directory)
    assert.ok(file !== undefined)
    const bytes = fs.readFileSync(file)
    for (let cut = 0; cut <= bytes.length; cut++) {
      for (const tail of cut % 50 === 0 ? [0, 700] : [0]) {
        fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(tail)]))
        let warnings = 0
        const audit = openAudit(directory, { ...SMALL, log: { warn: () => (warnings += 1) } })
        const whole = bytes.subarray(0, cut).filter((byte) => byte === 0x0a).length
        assert.equal(audit.last()?.id, events[whole - 1]?.id)
        audit.append(eventOf(99))
        assert.equal((await audit.verify()).broken, null)
        const isTorn = tail > 0 || (cut > 0 && bytes[cut - 1] !== 0x0a)
        assert.equal(warnings, isTorn ? 1 : 0)
        await audit.close()
      }
    }
  })

  it('drops a page that never reached the disk, with what follows it', async (t) => {
    const directory = makeDirectory(t)
    const events = await makeLog(directory, 4)
    const [file] = segmentsOf(directory)
    assert.ok(file !== undefined)
    const bytes = fs.readFileSync(file)
    bytes.fill(0, bytes.indexOf(0x0a) + 30, bytes.indexOf(0x0a) + 90)
    fs.writeFileSync(file, bytes)
    const audit = openAudit(directory, SMALL)
    assert.equal(audit.last()?.id, events[0]?.id)
    await audit.close()
  })

  it('finds its last event when the newest segment is still empty', async (t) => {
    const directory = makeDirectory(t)
    const events = await makeLog(directory, 3)
    fs.writeFileSync(path.join(directory, '000002.ndjson'), '')
    const audit = openAudit(directory, SMALL)
    assert.equal(audit.last()?.id, events[2]?.id)
    audit.append(eventOf(3))
    assert.equal((await audit.verify()).broken, null)
    await audit.close()
  })

  it('refuses to continue a chain whose last line is not its own', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 3)
    const [file] = segmentsOf(directory)
    assert.ok(file !== undefined)
    const text = fs.readFileSync(file, 'utf8')
    for (const wrong of [text.replace('"index":2', '"index":7'), `${text}not an event\n`]) {
      fs.writeFileSync(file, wrong)
      assert.throws(() => openAudit(directory), { code: 'AUDIT_BROKEN' })
      assert.equal(fs.readFileSync(file, 'utf8'), wrong)
    }
  })

  it('does not cut where more is missing than a crash could tear', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 3)
    const [file] = segmentsOf(directory)
    assert.ok(file !== undefined)
    const size = 10 * 1_048_576
    fs.truncateSync(file, size)
    assert.throws(() => openAudit(directory), { code: 'AUDIT_BROKEN' })
    assert.equal(fs.statSync(file).size, size)
  })

  it('tells a full disk once, goes on chaining, and is whole when opened again', async (t) => {
    const directory = makeDirectory(t)
    const disk = watchOps()
    const codes: string[] = []
    const audit = openAudit(directory, {
      ...SMALL,
      ops: disk.ops,
      onFailure: (error) => codes.push(error.code),
    })
    const first = audit.append(eventOf(1))
    await audit.sync()
    disk.fail('write', 'ENOSPC')
    const second = audit.append(eventOf(2))
    audit.flush()
    assert.deepEqual(codes, [])
    await assert.rejects(audit.sync(), { code: 'DISK_FULL' })
    assert.deepEqual(codes, ['DISK_FULL'])
    disk.fail('write', null)
    assert.equal(audit.append(eventOf(3)).prev, second.hash)
    await audit.close()
    assert.equal(linesOf(directory).length, 1)
    const again = openAudit(directory)
    assert.equal(again.last()?.hash, first.hash)
    await again.close()
  })

  it('rejects sync when the disk does not take it', async (t) => {
    const disk = watchOps()
    const audit = openAudit(makeDirectory(t), { ops: disk.ops })
    audit.append(eventOf(1))
    disk.fail('sync', 'EIO')
    await assert.rejects(audit.sync(), { code: 'HOME_UNUSABLE' })
    await audit.close()
    await audit.close()
  })

  it('finds events from either end, by any condition, up to a limit', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 40)
    const audit = openAudit(directory, SMALL)
    audit.append(eventOf(40))
    assert.deepEqual(await idsOf(audit), range(0, 41))
    assert.deepEqual(await idsOf(audit, {}, { newestFirst: true }), range(0, 41).reverse())
    assert.deepEqual(await idsOf(audit, {}, { newestFirst: true, limit: 3 }), [40, 39, 38])
    assert.deepEqual(await idsOf(audit, {}, { limit: 2 }), [0, 1])
    assert.deepEqual(await idsOf(audit, {}, { limit: 0 }), [])
    const released = await idsOf(audit, { kinds: ['claim.released', 'queue.*'] }, { limit: 3 })
    assert.deepEqual(released, [0, 3, 6])
    assert.deepEqual(await idsOf(audit, { kinds: ['claim.*'], actor: 'nobody' }), [])
    const slice = { since: '2026-11-21T14:00:00.005Z', until: '2026-11-21T14:00:00.008Z' }
    assert.deepEqual(await idsOf(audit, slice), [5, 6, 7])
    const odd = (event: AuditEvent) => event.index % 2 === 1
    assert.deepEqual(await idsOf(audit, { machine: 'box', where: odd }, { limit: 2 }), [1, 3])
    const aborted = { signal: AbortSignal.abort() }
    await assert.rejects(idsOf(audit, {}, aborted), { name: 'AbortError' })
    await assert.rejects(audit.verify(aborted), { name: 'AbortError' })
    await audit.close()
  })
})

describe('audit verify', () => {
  const COUNT = 12
  /** A log, changed by hand behind its back. */
  async function tampered(t: TestContext, change: (directory: string) => void) {
    const directory = makeDirectory(t)
    const audit = openAudit(directory, SMALL)
    for (const n of range(0, COUNT)) audit.append(eventOf(n))
    audit.flush()
    change(directory)
    const verdict = await audit.verify()
    await audit.close()
    return verdict
  }
  const rewrite = (file: string, change: (lines: string[]) => void): void => {
    const lines = fs.readFileSync(file, 'utf8').split('\n')
    change(lines)
    fs.writeFileSync(file, lines.join('\n'))
  }
  const segment = (directory: string, number: number): string =>
    path.join(directory, `${String(number).padStart(6, '0')}.ndjson`)

  it('finds nothing wrong with what was not touched', async (t) => {
    const verdict = await tampered(t, () => undefined)
    assert.deepEqual(verdict, { events: COUNT, segments: 3, startsAt: null, broken: null })
  })

  it('finds any changed byte, at its line', async (t) => {
    const directory = makeDirectory(t)
    const audit = openAudit(directory, SMALL)
    for (const n of range(0, 5)) audit.append(eventOf(n))
    audit.flush()
    const file = segment(directory, 1)
    const bytes = fs.readFileSync(file)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      fs.writeFileSync(file, changed)
      const { broken } = await audit.verify()
      const line = 1 + bytes.subarray(0, at).filter((byte) => byte === 0x0a).length
      assert.deepEqual([broken?.segment, broken?.line], [1, line], `byte ${String(at)}`)
    }
    await audit.close()
  })

  it('names the event and both hashes of a changed line', async (t) => {
    const { broken } = await tampered(t, (directory) => {
      rewrite(segment(directory, 2), (lines) => {
        lines[1] = lines[1]?.replace('box', 'fox') ?? ''
      })
    })
    assert.equal(broken?.kind, 'changed')
    assert.deepEqual([broken.segment, broken.line], [2, 2])
    assert.match(broken.id ?? '', /^evt_0+\d+$/)
    assert.notEqual(broken.expected, broken.found)
  })

  it('finds removed and swapped lines', async (t) => {
    const removed = await tampered(t, (directory) => {
      rewrite(segment(directory, 1), (lines) => lines.splice(1, 1))
    })
    assert.deepEqual([removed.broken?.kind, removed.broken?.line], ['does-not-follow', 2])
    const first = await tampered(t, (directory) => {
      rewrite(segment(directory, 1), (lines) => lines.splice(0, 1))
    })
    assert.deepEqual([first.broken?.kind, first.broken?.line], ['does-not-follow', 1])
    const swapped = await tampered(t, (directory) => {
      rewrite(segment(directory, 2), (lines) => lines.unshift(...lines.splice(1, 1)))
    })
    assert.deepEqual([swapped.broken?.kind, swapped.broken?.segment], ['does-not-follow', 2])
  })

  it('finds a removed segment in the middle, and a cut end', async (t) => {
    const middle = await tampered(t, (directory) => {
      fs.rmSync(segment(directory, 2))
    })
    const { kind, segment: at, line } = middle.broken ?? assert.fail()
    assert.deepEqual({ kind, at, line }, { kind: 'does-not-follow', at: 3, line: 1 })
    const end = await tampered(t, (directory) => {
      rewrite(segment(directory, 3), (lines) => lines.splice(-2, 1))
    })
    assert.equal(end.broken?.kind, 'ends-early')
  })

  it('tells where a log starts whose oldest segments were removed', async (t) => {
    const { startsAt, broken, events } = await tampered(t, (directory) => {
      fs.rmSync(segment(directory, 1))
    })
    assert.equal(broken, null)
    assert.ok(events < COUNT)
    assert.equal(startsAt?.segment, 2)
    assert.match(startsAt.prev, /^[0-9a-f]{64}$/)
  })
})

describe('reading lines', () => {
  it('gives the same lines from both ends, whatever the chunks', async (t) => {
    const file = path.join(fs.mkdtempSync(path.join(tmpdir(), 'skein-lines-')), 'x')
    t.after(() => {
      fs.rmSync(path.dirname(file), { recursive: true })
    })
    for (const text of ['', 'a\n', 'a', 'one\ntwo\nthree\n', `${'long'.repeat(30)}\nb\nunended`]) {
      fs.writeFileSync(file, text)
      const lines = text.split('\n').filter((line) => line !== '')
      for (const chunkBytes of [1, 2, 3, 7, 1000]) {
        const forward: string[] = []
        for await (const group of readForward(file, { chunkBytes }))
          forward.push(...group.map(String))
        assert.deepEqual(forward, lines)
        const backward: string[] = []
        for await (const group of readBackward(file, { chunkBytes }))
          backward.push(...group.map(String))
        assert.deepEqual(backward, [...lines].reverse())
      }
    }
  })
})

describe('retention', () => {
  it('removes whole segments, the oldest first, and never the one that grows', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 60)
    const before = segmentsOf(directory)
    const audit = openAudit(directory, SMALL)
    const freed = audit.trim({ bytesMax: 5_000, before: 0 })
    assert.ok(freed > 0)
    assert.ok(audit.size() <= 5_000)
    const after = segmentsOf(directory)
    assert.deepEqual(after, before.slice(-after.length))
    const ids = await idsOf(audit)
    assert.deepEqual(ids, range(ids[0] ?? 0, 60), 'what is left is whole')
    const { broken, startsAt } = await audit.verify()
    assert.equal(broken, null)
    assert.equal(startsAt?.id, eventOf(ids[0] ?? 0).id, 'and it is told where it begins')
    audit.trim({ bytesMax: 0, before: Date.now() + 1_000 })
    assert.deepEqual(segmentsOf(directory), after.slice(-1))
    audit.append(eventOf(60))
    await audit.close()
    assert.equal((await verdictOf(directory)).broken, null, 'and it goes on')
  })

  it('removes what is too old, by when it was last written', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 40)
    const [first = '', second = ''] = segmentsOf(directory)
    for (const file of [first, second]) fs.utimesSync(file, 1_000, 1_000)
    const audit = openAudit(directory, SMALL)
    audit.trim({ bytesMax: Infinity, before: 2_000_000 })
    assert.ok(!fs.existsSync(first) && !fs.existsSync(second))
    assert.ok(segmentsOf(directory).length > 1)
    await audit.close()
  })
})

describe('a place in the log', () => {
  it('is found behind any event, in whatever segment it stands', async (t) => {
    const directory = makeDirectory(t)
    const events = await makeLog(directory, 50)
    const audit = openAudit(directory, SMALL)
    for (const [at, event] of events.entries()) {
      const from = await audit.seek({ id: event.id })
      assert.ok(from !== null)
      assert.deepEqual(await idsOf(audit, {}, { from }), range(at + 1, 50))
    }
    assert.equal(await audit.seek({ id: `evt_${'9'.repeat(26)}` }), null)
    await audit.close()
  })

  it('is found by a time, with nothing later before it', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 50)
    const audit = openAudit(directory, SMALL)
    const since = eventOf(30).at
    const from = await audit.seek({ at: since })
    assert.ok(from !== null && from.segment > 1)
    assert.deepEqual(await idsOf(audit, { since }, { from }), range(30, 50))
    assert.equal(await audit.seek({ at: '2020-01-01T00:00:00.000Z' }), null, 'the log is younger')
    await audit.close()
  })

  it('is before everything of that moment, also where a segment ends in it', async (t) => {
    const directory = makeDirectory(t)
    const audit = openAudit(directory, SMALL)
    const since = '2026-11-21T14:00:01.000Z'
    for (const n of range(0, 10)) audit.append(eventOf(n))
    for (const n of range(10, 40)) audit.append(eventOf(n, { at: since }))
    const from = await audit.seek({ at: since })
    const options = from === null ? {} : { from }
    assert.deepEqual(await idsOf(audit, { since }, options), range(10, 40))
    await audit.close()
  })

  it('is no place to pass over what was removed under a reader', async (t) => {
    const directory = makeDirectory(t)
    await makeLog(directory, 60)
    const audit = openAudit(directory, SMALL)
    const reader = audit.lines(null)[Symbol.asyncIterator]()
    await reader.next()
    audit.trim({ bytesMax: 0, before: 0 })
    await assert.rejects(
      async () => {
        while ((await reader.next()).done !== true);
      },
      { code: 'EVENTS_GONE' },
    )
    await audit.close()
  })
})
