import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  defaultMachineName,
  openMachineKey,
  peerIdOf,
  publicKeyOf,
  verifySignature,
} from '../../../daemon/machine-key.ts'
import { asPeerId } from '../../../protocol/index.ts'

/** Public keys and their peer ids as @libp2p/peer-id makes them. */
const KNOWN = [
  [
    '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29',
    '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN',
  ],
  [
    '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
    '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB',
  ],
  [
    '76a1592044a6e4f511265bca73a604d90b0529d1df602be30a19a9257660d1f5',
    '12D3KooWHoSyTgntm77sXShoeX9uNkqKNMhHxKtskaHqnA54SrSG',
  ],
] as const

function makeHome(t: TestContext): string {
  const home = mkdtempSync(path.join(os.tmpdir(), 'skein-key-'))
  t.after(() => {
    rmSync(home, { recursive: true, force: true })
  })
  return home
}

describe('peer ids', () => {
  it('are those that libp2p derives', () => {
    for (const [key, peer] of KNOWN) {
      assert.equal(peerIdOf(Buffer.from(key, 'hex')), peer)
      assert.equal(Buffer.from(publicKeyOf(asPeerId(peer)) ?? []).toString('hex'), key)
    }
  })

  it('hold no key when they are damaged', () => {
    const peer = KNOWN[0][1]
    const wrong = ['', '1', 'peer', peer.slice(1), `1${peer}`, `${peer}0`, peer.repeat(100)]
    for (const text of wrong) assert.equal(publicKeyOf(asPeerId(text)), null, text)
  })
})

describe('openMachineKey', () => {
  it('makes a private key once and reads it from then on', (t) => {
    const home = makeHome(t)
    const { peer } = openMachineKey(home)
    assert.match(peer, /^12D3KooW/)
    assert.equal(statSync(path.join(home, 'identity.key')).mode & 0o777, 0o600)
    assert.equal(openMachineKey(home).peer, peer)
  })

  it('signs so that the peer id alone verifies', (t) => {
    const key = openMachineKey(makeHome(t))
    const other = openMachineKey(makeHome(t))
    const bytes = Buffer.from('vote')
    const signature = key.sign(bytes)
    assert.equal(verifySignature(key.peer, bytes, signature), true)
    assert.equal(verifySignature(other.peer, bytes, signature), false)
    assert.equal(verifySignature(key.peer, Buffer.from('vole'), signature), false)
    assert.equal(verifySignature(key.peer, bytes, signature.subarray(1)), false)
    assert.equal(verifySignature(asPeerId('nobody'), bytes, signature), false)
  })

  it('gives the seed that libp2p starts from', (t) => {
    assert.equal(openMachineKey(makeHome(t)).seed().length, 32)
  })

  it('refuses a damaged key and leaves it as it is', (t) => {
    const home = makeHome(t)
    const file = path.join(home, 'identity.key')
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    for (const text of ['', 'no key', rsa.export({ format: 'pem', type: 'pkcs8' }).toString()]) {
      writeFileSync(file, text)
      assert.throws(() => openMachineKey(home), {
        code: 'HOME_UNUSABLE',
        message: /no ed25519 key/,
      })
      assert.equal(readFileSync(file, 'utf8'), text)
    }
  })
})

describe('defaultMachineName', () => {
  const peer = asPeerId(KNOWN[0][1])

  it('is made of host and peer id, and stays when the host is renamed', (t) => {
    const home = makeHome(t)
    assert.equal(defaultMachineName(home, peer, 'laptop'), 'laptop-nXTN')
    assert.equal(defaultMachineName(home, peer, 'hotel-wifi-17'), 'laptop-nXTN')
  })

  it('is plain whatever the host is called', (t) => {
    assert.equal(defaultMachineName(makeHome(t), peer, "Zoë's Mac"), 'Zo-s-Mac-nXTN')
    assert.equal(defaultMachineName(makeHome(t), peer, '…'), 'machine-nXTN')
  })
})
