import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTicker } from '../../../daemon/ticker.ts'

describe('a ticker', () => {
  it('calls everybody once a tick, by one timer', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const ticker = createTicker(250)
    const calls: string[] = []
    ticker.every(() => calls.push('a'))
    t.mock.timers.tick(125)
    ticker.every(() => calls.push('b'))
    t.mock.timers.tick(125)
    assert.deepEqual(calls, ['a', 'b'])
    t.mock.timers.tick(250)
    assert.deepEqual(calls, ['a', 'b', 'a', 'b'])
  })

  it('leaves out who stopped, also within the tick', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const ticker = createTicker(250)
    const calls: string[] = []
    let stopB = (): void => undefined
    const stopA = ticker.every(() => {
      calls.push('a')
      stopB()
    })
    stopB = ticker.every(() => calls.push('b'))
    t.mock.timers.tick(500)
    assert.deepEqual(calls, ['a', 'a'])
    stopA()
    t.mock.timers.tick(500)
    assert.deepEqual(calls, ['a', 'a'])
    ticker.every(() => calls.push('c'))
    t.mock.timers.tick(250)
    assert.deepEqual(calls, ['a', 'a', 'c'])
  })
})
