import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openWebLogins, WEB_LOGIN, type WebLogins } from '../../../daemon/access/web-logins.ts'
import { makeFolder } from '../../helpers/repo.ts'

function open(t: TestContext): {
  home: string
  logins: () => WebLogins
  pass: (ms: number) => void
} {
  const home = makeFolder(t)
  let now = 1_750_000_000_000
  const logins = () => openWebLogins(home, { wall: () => now })
  return { home, logins, pass: (ms) => (now += ms) }
}

const refused = { code: 'UNAUTHENTICATED' }

describe('the code of a link', () => {
  it('is good once', (t) => {
    const store = open(t).logins()
    const code = store.newCode('ann', true)
    const { token } = store.redeem(code)
    const grant = store.grantOf(token)
    assert.deepEqual([grant?.agent, grant?.web, grant?.repos], ['ann', { mayAct: true }, null])
    assert.throws(() => store.redeem(code), refused)
  })

  it('is over after a minute, after a revocation, and with the daemon', (t) => {
    const { logins, pass } = open(t)
    const store = logins()
    const late = store.newCode('ann', true)
    pass(WEB_LOGIN.codeMs - 1)
    const intime = store.newCode('ann', true)
    pass(1)
    assert.throws(() => store.redeem(late), refused)
    assert.ok(store.redeem(intime).token)
    const revoked = store.newCode('ann', true)
    store.revokeAll()
    assert.throws(() => store.redeem(revoked), refused)
    const lost = store.newCode('ann', true)
    assert.throws(() => logins().redeem(lost), refused)
  })

  it('gives way to newer ones above the bound', (t) => {
    const store = open(t).logins()
    const first = store.newCode('ann', true)
    const others = Array.from({ length: WEB_LOGIN.codesMax }, () => store.newCode('ann', true))
    assert.throws(() => store.redeem(first), refused)
    for (const code of others) assert.ok(store.redeem(code).token)
  })
})

describe('the token of a page', () => {
  it('outlives the daemon, and its text stands nowhere', (t) => {
    const { home, logins } = open(t)
    const first = logins()
    const { token } = first.redeem(first.newCode('ann', false))
    assert.deepEqual(logins().grantOf(token)?.web, { mayAct: false })
    const file = path.join(home, 'web-logins.json')
    assert.equal(readFileSync(file, 'utf8').includes(token.slice(-64)), false)
    assert.equal(statSync(file).mode & 0o077, 0)
  })

  it('ends by silence, and by age however much it is used', (t) => {
    const { logins, pass } = open(t)
    const store = logins()
    const silent = store.redeem(store.newCode('ann', true)).token
    const used = store.redeem(store.newCode('ann', true)).token
    const half = WEB_LOGIN.silenceMs / 2
    for (let passed = half; passed < WEB_LOGIN.lifeMs; passed += half) {
      pass(half)
      assert.notEqual(store.grantOf(used), null)
    }
    assert.equal(store.grantOf(silent), null)
    pass(half)
    assert.equal(store.grantOf(used), null)
  })

  it('ends with a revocation or by its own page, and whoever listens is told', (t) => {
    const { logins } = open(t)
    const store = logins()
    const told: string[] = []
    store.onEnd((names) => told.push(...names))
    const one = store.redeem(store.newCode('ann', true))
    const two = store.redeem(store.newCode('ann', true))
    store.end(one.token)
    assert.deepEqual(told, [one.grant.name])
    assert.equal(store.grantOf(one.token), null)
    assert.equal(store.revokeAll(), 1)
    assert.deepEqual(told, [one.grant.name, two.grant.name])
    assert.equal(logins().grantOf(two.token), null)
  })

  it('gives way to newer ones above the bound, the one that was silent longest first', (t) => {
    const { logins, pass } = open(t)
    const store = logins()
    const make = (): string => store.redeem(store.newCode('ann', true)).token
    const first = make()
    const second = make()
    pass(60_000)
    assert.notEqual(store.grantOf(first), null)
    for (let made = 2; made < WEB_LOGIN.tokensMax + 1; made++) make()
    assert.equal(store.grantOf(second), null)
    assert.notEqual(store.grantOf(first), null)
  })

  it('is lost with a damaged file, which costs nothing else', (t) => {
    const { home, logins } = open(t)
    const store = logins()
    const { token } = store.redeem(store.newCode('ann', true))
    for (const wrong of [token.slice(0, -1), `${token}0`, '', 'skein_w_'])
      assert.equal(store.grantOf(wrong), null, wrong)
    writeFileSync(path.join(home, 'web-logins.json'), '{"half')
    assert.equal(logins().grantOf(token), null)
    assert.equal(logins().revokeAll(), 0)
  })
})
