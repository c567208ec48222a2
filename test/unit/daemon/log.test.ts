import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openLog } from '../../../daemon/log.ts'

function makeHome(t: TestContext): string {
  const home = mkdtempSync(path.join(tmpdir(), 'skein-log-'))
  t.after(() => {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return home
}

/** Numbers of the lines in all files of a log, oldest file first. */
function linesIn(home: string): readonly number[] {
  const folder = path.join(home, 'logs')
  const names = readdirSync(folder).sort((a, b) => b.localeCompare(a))
  const aged = [...names.filter((name) => name !== 'daemon.ndjson'), 'daemon.ndjson']
  return aged
    .filter((name) => existsSync(path.join(folder, name)))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { n: number }).n)
}

describe('the log of the daemon', () => {
  it('keeps its newest lines, in order, within its bound', (t) => {
    const home = makeHome(t)
    const bytesMax = 20_000
    const log = openLog(home, { toStderr: false, level: 'info', bytesMax })
    const last = 1_000
    for (let n = 1; n <= last; n++) log.info({ n, filler: 'x'.repeat(60) }, 'line')
    const kept = linesIn(home)
    const first = kept[0] ?? 0
    assert.ok(first > 1, 'the oldest lines are gone')
    assert.deepEqual(
      kept,
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    )
    const folder = path.join(home, 'logs')
    const bytes = readdirSync(folder).map((name) => statSync(path.join(folder, name)).size)
    assert.ok(bytes.length > 1)
    assert.ok(bytes.reduce((sum, size) => sum + size, 0) <= bytesMax, String(bytes))
  })

  it('leaves out what is only for debugging, unless it is wanted', (t) => {
    const quiet = makeHome(t)
    const calm = openLog(quiet, { toStderr: false, level: 'info', bytesMax: 100_000 })
    calm.debug({ n: 1 }, 'detail')
    calm.info({ n: 2 }, 'fact')
    assert.deepEqual(linesIn(quiet), [2])
    const loud = makeHome(t)
    const chatty = openLog(loud, { toStderr: false, level: 'debug', bytesMax: 100_000 })
    chatty.debug({ n: 1 }, 'detail')
    assert.deepEqual(linesIn(loud), [1])
  })
})
