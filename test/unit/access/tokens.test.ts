import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openAccessTokens, type AccessTokens } from '../../../daemon/access/tokens.ts'
import { makeFolder } from '../../helpers/repo.ts'

const DAY_MS = 86_400_000

function open(t: TestContext): {
  home: string
  tokens: () => AccessTokens
  pass: (ms: number) => void
} {
  const home = makeFolder(t)
  let now = 1_750_000_000_000
  const tokens = () => openAccessTokens(home, { wall: () => now })
  return { home, tokens, pass: (ms) => (now += ms) }
}

const CI = { name: 'ci', agent: 'ci', repos: ['team/shop'], lifeMs: 10 * DAY_MS }

describe('a token', () => {
  it('opens what it was made for, also after a restart, and its text stands nowhere', (t) => {
    const { home, tokens } = open(t)
    const text = tokens().create(CI)
    assert.deepEqual(tokens().grantOf(text), { name: 'ci', agent: 'ci', repos: ['team/shop'] })
    const file = path.join(home, 'tokens.json')
    assert.equal(readFileSync(file, 'utf8').includes(text.slice(-64)), false)
    assert.equal(statSync(file).mode & 0o077, 0)
  })

  it('opens nothing when it is wrong, cut, or another kind of text', (t) => {
    const store = open(t).tokens()
    const text = store.create(CI)
    for (const wrong of [text.slice(0, -1), `${text}0`, text.toUpperCase(), '', 'skein_a_'])
      assert.equal(store.grantOf(wrong), null, wrong)
  })

  it('ends by itself, and when it is revoked', (t) => {
    const { tokens, pass } = open(t)
    const store = tokens()
    const text = store.create(CI)
    const other = store.create({ ...CI, name: 'other' })
    store.revoke('other')
    assert.equal(store.grantOf(other), null)
    pass(10 * DAY_MS - 1)
    assert.notEqual(store.grantOf(text), null)
    pass(1)
    assert.equal(store.grantOf(text), null)
    assert.throws(() => {
      store.revoke('other')
    }, /No token is called other/)
  })

  it('has a new text after a rotation, and the old one for as long as was said', (t) => {
    const { tokens, pass } = open(t)
    const store = tokens()
    const old = store.create(CI)
    const text = store.rotate('ci', DAY_MS)
    assert.notEqual(store.grantOf(old), null)
    assert.notEqual(store.list()[0]?.oldUntil, null)
    pass(DAY_MS)
    assert.equal(store.grantOf(old), null)
    assert.notEqual(store.grantOf(text), null)
    const third = store.rotate('ci', 0)
    assert.equal(store.grantOf(text), null)
    // It lives as long anew as it was made for.
    pass(9 * DAY_MS)
    assert.notEqual(store.grantOf(third), null)
  })

  it('tells when it was used', (t) => {
    const { tokens, pass } = open(t)
    const store = tokens()
    const text = store.create(CI)
    assert.equal(store.list()[0]?.usedAt, null)
    pass(5_000)
    store.grantOf(text)
    assert.equal(tokens().list()[0]?.usedAt, new Date(1_750_000_005_000).toISOString())
  })

  it('is refused under a name that is taken', (t) => {
    const store = open(t).tokens()
    store.create(CI)
    assert.throws(() => store.create(CI), { code: 'INPUT_SCHEMA' })
  })

  it('opens nothing when the file is damaged: nothing is guessed', (t) => {
    const { home, tokens } = open(t)
    tokens().create(CI)
    writeFileSync(path.join(home, 'tokens.json'), '[{}')
    assert.throws(tokens, { code: 'HOME_UNUSABLE' })
  })
})
