import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { SkeinError } from '../../../protocol/index.ts'
import { createSymbols } from '../../../daemon/symbols/symbols.ts'
import { startThread } from '../../../daemon/symbols/thread.ts'
import { age, makeFiles, makeSymbols, pathsOf } from './files.ts'

const MEGABYTE = 1_048_576
const UNIT = 'export function f(a: number): number {\n  return a + 1\n}\n'

describe('symbolsOf', () => {
  const symbols = createSymbols()
  after(() => symbols.stop())

  it('reads UTF-8, UTF-16 and line ends of all kinds alike', async (t) => {
    const files = makeFiles(t)
    const text = 'class Größe {\r\n  \u30e1\u30bd\u30c3\u30c9() {}\r\n}\r\n'
    const expected = ['Größe', 'Größe::\u30e1\u30bd\u30c3\u30c9']
    const little = Buffer.from('\ufeff' + text, 'utf16le')
    for (const [name, content] of [
      ['plain.ts', text],
      ['mark.ts', '\ufeff' + text],
      ['little.ts', little],
      ['big.ts', Buffer.from(little).swap16()],
    ] as const) {
      const answer = await symbols.symbolsOf(files.write(name, content))
      assert.equal(answer.kind, 'outline', name)
      assert.deepEqual(
        answer.symbols.map((symbol) => [symbol.path, symbol.startLine, symbol.endLine]),
        [
          [expected[0], 1, 3],
          [expected[1], 2, 2],
        ],
        name,
      )
    }
  })

  it('survives bytes that are no text, and keeps the rest', async (t) => {
    const files = makeFiles(t)
    const content = Buffer.concat([
      Buffer.from('function a() {}\nconst s = "'),
      Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
      Buffer.from('"\nfunction b() {}\n'),
    ])
    assert.deepEqual(await pathsOf(symbols, files.write('bad.ts', content)), ['a', 's', 'b'])
  })

  it('says why it cannot say anything', async (t) => {
    const files = makeFiles(t)
    mkdirSync(path.join(files.root, 'dir.ts'))
    execFileSync('mkfifo', [path.join(files.root, 'pipe.ts')])
    const cases = [
      ['notes.md', 'text', 'language'],
      ['zero.ts', 'function a() {}\0', 'binary'],
      ['large.ts', ' '.repeat(MEGABYTE + 1), 'size'],
    ] as const
    for (const [name, content, why] of cases) {
      const answer = await symbols.symbolsOf(files.write(name, content))
      assert.equal(answer.kind === 'unsupported' ? answer.why : null, why, name)
    }
    for (const [name, why] of [
      ['absent.ts', 'missing'],
      ['dir.ts', 'unreadable'],
      ['pipe.ts', 'unreadable'],
    ] as const) {
      const answer = await symbols.symbolsOf(path.join(files.root, name))
      assert.equal(answer.kind === 'unsupported' ? answer.why : null, why, name)
    }
  })

  it('takes an empty file', async (t) => {
    const files = makeFiles(t)
    const answer = await symbols.symbolsOf(files.write('empty.py', ''))
    assert.deepEqual(answer, { kind: 'outline', language: 'python', symbols: [], hasErrors: false })
  })

  it('takes a file of exactly one megabyte', async (t) => {
    const files = makeFiles(t)
    const source = UNIT.repeat(2_000)
    const file = files.write('full.ts', source + ' '.repeat(MEGABYTE - source.length))
    const answer = await symbols.symbolsOf(file)
    assert.equal(answer.kind, 'outline')
    assert.equal(answer.symbols[0]?.also?.length, 1_999)
  })

  it('takes ten thousand levels', async (t) => {
    const files = makeFiles(t)
    const levels = 10_000
    const braces = files.write('braces.js', '{'.repeat(levels) + '}'.repeat(levels))
    const named = Array.from({ length: levels }, (_, n) => `function f${String(n)}(){`).join('')
    const functions = files.write('named.js', named + '}'.repeat(levels))
    const calls = files.write('calls.py', '('.repeat(levels) + ')'.repeat(levels))
    for (const file of [braces, functions, calls]) {
      const answer = await symbols.symbolsOf(file)
      const isFine = answer.kind === 'outline' || answer.why === 'slow'
      assert.ok(isFine, JSON.stringify(answer).slice(0, 200))
    }
    assert.deepEqual(await pathsOf(symbols, files.write('next.js', 'function a() {}')), ['a'])
  })

  it('refuses more declarations than anybody works on', async (t) => {
    const files = makeFiles(t)
    const source = Array.from({ length: 10_001 }, (_, n) => `#define A${String(n)} 1\n`).join('')
    const answer = await symbols.symbolsOf(files.write('generated.c', source))
    assert.ok(answer.kind === 'unsupported' && ['size', 'slow'].includes(answer.why))
  })

  it('cuts a file that takes too long, goes on with the next, and does not try it again at once', async (t) => {
    const files = makeFiles(t)
    const own = makeSymbols(t, { limits: { parseMsMax: 200 } })
    const slow = files.write('slow.ts', 'a<b<'.repeat(MEGABYTE / 4))
    const answer = await own.symbolsOf(slow)
    assert.deepEqual(answer, { kind: 'unsupported', why: 'slow', unsupported: 'too slow to parse' })
    assert.deepEqual(await pathsOf(own, files.write('next.ts', 'function a() {}')), ['a'])
    const { parses } = own.stats()
    assert.equal((await own.symbolsOf(slow)).kind, 'unsupported')
    assert.equal(own.stats().parses, parses)
  })
})

describe('the cache of symbols', () => {
  it('asks the parser once for one content, whatever its path and time', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    await symbols.symbolsOf(files.write('a.ts', UNIT))
    await symbols.symbolsOf(files.write('b.ts', UNIT))
    await symbols.symbolsOf(files.write('a.ts', UNIT))
    const { parses, contentHits } = symbols.stats()
    assert.deepEqual({ parses, contentHits }, { parses: 1, contentHits: 2 })
    await symbols.symbolsOf(files.write('c.tsx', UNIT))
    assert.equal(symbols.stats().parses, 2)
  })

  it('does not read a settled file again', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const file = files.write('a.ts', UNIT)
    await sleep(80)
    await symbols.symbolsOf(file)
    for (let n = 0; n < 5; n++) await symbols.symbolsOf(file)
    assert.deepEqual([symbols.stats().stampHits, symbols.stats().contentHits], [5, 0])
  })

  it('sees a change of the same length and time', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const file = files.write('a.ts', 'function one() {}')
    age(file)
    assert.deepEqual(await pathsOf(symbols, file), ['one'])
    files.write('a.ts', 'function two() {}')
    age(file)
    assert.deepEqual(await pathsOf(symbols, file), ['two'])
  })

  it('lets callers of one file share one parse', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const file = files.write('a.ts', UNIT)
    const answers = await Promise.all(Array.from({ length: 50 }, () => symbols.symbolsOf(file)))
    assert.equal(symbols.stats().parses, 1)
    assert.ok(answers.every((answer) => answer === answers[0]))
  })

  it('takes a claim of two hundred files at once', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const all = Array.from({ length: 200 }, (_, n) =>
      files.write(`f${String(n)}.go`, `package a\n\nfunc F${String(n)}() {}\n`),
    )
    const found = await Promise.all(all.map((file) => pathsOf(symbols, file)))
    assert.deepEqual(
      found.flat(),
      all.map((_, n) => `F${String(n)}`),
    )
    assert.equal(symbols.stats().threadStarts, 1)
  })
})

describe('the parser thread', () => {
  it('is started by the first file that needs it', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    await symbols.symbolsOf(files.write('notes.md', 'x'))
    assert.equal(symbols.stats().threadStarts, 0)
    await symbols.symbolsOf(files.write('a.ts', UNIT))
    assert.deepEqual([symbols.stats().threadStarts, symbols.stats().isThreadRunning], [1, true])
  })

  it('ends when nobody needs it, and starts again', async (t) => {
    const files = makeFiles(t)
    const threads: Worker[] = []
    const symbols = makeSymbols(t, {
      limits: { idleMs: 1 },
      startThread: () => {
        const thread = startThread()
        threads.push(thread)
        return thread
      },
    })
    assert.deepEqual(await pathsOf(symbols, files.write('a.py', 'def f(): pass')), ['f'])
    const [first] = threads
    assert.ok(first !== undefined)
    first.ref()
    if (symbols.stats().isThreadRunning) await once(first, 'exit')
    assert.equal(symbols.stats().isThreadRunning, false)
    assert.deepEqual(await pathsOf(symbols, files.write('b.py', 'def g(): pass')), ['g'])
    assert.equal(symbols.stats().threadStarts, 2)
  })

  it('takes only one call with it when it crashes', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t, { startThread: () => new Worker(CRASHING, { eval: true }) })
    const [before, crash, after] = await Promise.all(
      ['ok 1', 'crash', 'ok 2'].map((text, n) =>
        symbols.symbolsOf(files.write(`f${String(n)}.ts`, text)),
      ),
    )
    assert.equal(before?.kind, 'outline')
    assert.deepEqual(crash, {
      kind: 'unsupported',
      why: 'failed',
      unsupported: 'the parser failed on it',
    })
    assert.equal(after?.kind, 'outline')
    // The three came to the parser in the order in which their files were read.
    assert.equal((await symbols.symbolsOf(files.write('f3.ts', 'ok 3'))).kind, 'outline')
    assert.equal(symbols.stats().threadStarts, 2)
  })

  it('is given up when it never gets to parsing', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t, {
      limits: { loadMsMax: 20 },
      startThread: () =>
        new Worker('require("worker_threads").parentPort.on("message", () => {})', { eval: true }),
    })
    const answer = await symbols.symbolsOf(files.write('a.ts', UNIT))
    assert.equal(answer.kind === 'unsupported' ? answer.why : null, 'failed')
  })

  it('fails what waits when it is stopped, twice without harm', async (t) => {
    const files = makeFiles(t)
    const symbols = createSymbols({ startThread: () => new Worker(SILENT, { eval: true }) })
    const calls = [1, 2, 3].map((n) =>
      symbols.symbolsOf(files.write(`f${String(n)}.ts`, String(n))),
    )
    const failed = Promise.allSettled(calls)
    while (symbols.stats().threadStarts === 0) await sleep(1)
    await symbols.stop()
    await symbols.stop()
    for (const result of await failed) {
      assert.ok(result.status === 'rejected' && result.reason instanceof SkeinError)
      assert.equal(result.reason.code, 'DAEMON_DOWN')
    }
    await assert.rejects(symbols.symbolsOf(files.write('late.ts', 'late')), { code: 'DAEMON_DOWN' })
  })
})

describe('an aborted call', () => {
  it('ends at once with the reason, and leaves the others theirs', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const file = files.write('a.ts', UNIT)
    const controller = new AbortController()
    const reason = new Error('gone')
    const leaving = symbols.symbolsOf(file, controller.signal)
    const staying = symbols.symbolsOf(file)
    controller.abort(reason)
    await assert.rejects(leaving, reason)
    assert.equal((await staying).kind, 'outline')
    await assert.rejects(symbols.symbolsOf(file, AbortSignal.abort(reason)), reason)
  })

  it('is not parsed when nobody else waits for it', async (t) => {
    const files = makeFiles(t)
    const symbols = makeSymbols(t)
    const controller = new AbortController()
    const first = symbols.symbolsOf(files.write('first.ts', UNIT))
    const leaving = Array.from({ length: 20 }, (_, n) =>
      symbols.symbolsOf(files.write(`f${String(n)}.ts`, `let a${String(n)}`), controller.signal),
    )
    const failed = Promise.allSettled(leaving)
    controller.abort()
    await first
    await failed
    const again = await pathsOf(symbols, files.write('f0.ts', 'let a0'))
    assert.deepEqual(again, ['a0'])
    assert.ok(symbols.stats().parses < 10, String(symbols.stats().parses))
  })
})

describe('checkSymbols', () => {
  const symbols = createSymbols()
  after(() => symbols.stop())
  const source =
    'export class Router {\n  handle() {}\n  close() {}\n}\nexport function start() {}\n'

  it('tells known from unknown, and names the nearest', async (t) => {
    const files = makeFiles(t)
    files.write('a.ts', source)
    const wanted = ['Router', 'Router::handle', 'Router :: close', 'Router::handel', 'start']
    const checked = await symbols.checkSymbols(files.root, 'a.ts', wanted)
    assert.equal(checked.kind, 'checked')
    assert.deepEqual(checked.known, ['Router', 'Router::handle', 'Router::close', 'start'])
    assert.deepEqual(
      checked.unknown.map(({ symbol, nearest }) => [symbol, nearest[0]]),
      [['Router::handel', 'Router::handle']],
    )
    assert.deepEqual([checked.language, checked.hasErrors], ['typescript', false])
  })

  it('takes any ancestor, also one that is no declaration of its own', async (t) => {
    const files = makeFiles(t)
    files.write('a.cs', 'namespace A.B { class C { void M() {} } }')
    const checked = await symbols.checkSymbols(files.root, 'a.cs', ['A', 'A::B', 'A::B::C::M', 'C'])
    assert.equal(checked.kind, 'checked')
    assert.deepEqual(checked.known, ['A', 'A::B', 'A::B::C::M'])
    assert.deepEqual(checked.unknown[0]?.nearest[0], 'A::B::C')
  })

  it('does not look outside the root, not even through a link', async (t) => {
    const files = makeFiles(t)
    const other = makeFiles(t)
    const secret = other.write('secret.ts', source)
    symlinkSync(secret, path.join(files.root, 'link.ts'))
    files.write('inside.ts', source)
    symlinkSync(path.join(files.root, 'inside.ts'), path.join(files.root, 'fine.ts'))
    for (const file of ['link.ts', '../secret.ts', secret]) {
      const checked = await symbols.checkSymbols(files.root, file, ['Router'])
      assert.ok(checked.kind === 'unsupported', file)
      assert.ok(['outside', 'missing'].includes(checked.why), file)
    }
    assert.equal((await symbols.checkSymbols(files.root, 'fine.ts', ['Router'])).kind, 'checked')
    const gone = await symbols.checkSymbols(files.root, 'gone.ts', ['Router'])
    assert.equal(gone.kind === 'unsupported' ? gone.why : null, 'missing')
  })

  it('refuses what is no symbol path', async (t) => {
    const files = makeFiles(t)
    files.write('a.ts', source)
    await assert.rejects(symbols.checkSymbols(files.root, 'a.ts', ['A::']), {
      code: 'INPUT_PATTERN',
    })
  })
})

/** Answers every file with no symbols, except the one that says `crash`. */
const CRASHING = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', ({ id, bytes }) => {
  parentPort.postMessage({ kind: 'step', id })
  if (Buffer.from(bytes).toString() === 'crash') throw new Error('trap')
  const none = new Uint32Array(0)
  const columns = { paths: '', kinds: new Uint8Array(0), lines: none, also: none }
  parentPort.postMessage({ kind: 'parsed', id, columns, hasErrors: false })
})`

const SILENT = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', ({ id }) => parentPort.postMessage({ kind: 'step', id }))`
