import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  createInvitationKey,
  decodeInvitation,
  encodeInvitation,
  signJoin,
  type Invitation,
} from '../../../daemon/invitation.ts'
import { peerIdOf, verifySignature } from '../../../daemon/machine-key.ts'
import { SkeinError, asInvitationId, asPeerId, joinBytes, makeId } from '../../../protocol/index.ts'

const SECRET = Buffer.from('a secret of thirty-two bytes ...')
const NETWORK_KEY = Buffer.from('a key of the network: 32 bytes !')

function makeInvitation(changes: Partial<Invitation> = {}): Invitation {
  return {
    mesh: 'mesh_00112233445566778899',
    id: asInvitationId(makeId('inv', 1_760_000_000_000, new Uint8Array(10).fill(7))),
    peer: peerIdOf(new Uint8Array(32).fill(9)),
    machine: 'workstation-of-zoe-nXTN',
    addresses: [
      '/ip4/192.168.178.112/tcp/7451',
      '/ip6/2001:db8:85a3:8d3:1319:8a2e:370:7348/tcp/7451',
    ],
    networkKey: new Uint8Array(NETWORK_KEY),
    secret: new Uint8Array(SECRET),
    role: 'voter',
    expiresAtMs: 1_760_003_600_000,
    ...changes,
  }
}

/** The failure that a text meets; the test fails when it meets none. */
function failureOf(text: string): SkeinError {
  try {
    decodeInvitation(text)
  } catch (error) {
    assert.ok(error instanceof SkeinError, String(error))
    return error
  }
  return assert.fail(`was taken for an invitation: ${text}`)
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const name = fc.stringMatching(/^[!-~]{1,200}$/)
const invitations: fc.Arbitrary<Invitation> = fc.record(
  {
    mesh: name,
    id: fc
      .tuple(fc.nat(), bytes(10))
      .map(([ms, entropy]) => asInvitationId(makeId('inv', ms, entropy))),
    peer: bytes(32).map(peerIdOf),
    machine: name,
    addresses: fc.array(name, { maxLength: 8 }),
    networkKey: bytes(32),
    secret: bytes(32),
    role: fc.constantFrom('voter', 'learner'),
    expiresAtMs: fc.maxSafeNat().map((ms) => ms % 2 ** 48),
  },
  { noNullPrototype: true },
)

describe('the text of an invitation', () => {
  it('says what was put into it', () => {
    const roundTrip = fc.property(invitations, (invitation) => {
      const text = encodeInvitation(invitation)
      assert.match(text, /^skein1[A-Za-z0-9_-]{1,4090}$/)
      assert.deepEqual(decodeInvitation(text), invitation)
    })
    fc.assert(roundTrip)
  })

  it('is below 500 characters with two addresses', () => {
    assert.ok(encodeInvitation(makeInvitation()).length < 500)
  })

  it('may stand between spaces and line ends', () => {
    const invitation = makeInvitation()
    const text = encodeInvitation(invitation)
    for (const around of [`${text}\n`, ` \r\n\t${text}\r\n\n`]) {
      assert.deepEqual(decodeInvitation(around), invitation)
    }
  })

  it('is refused with any one character changed, lost or put in', () => {
    const text = encodeInvitation(makeInvitation())
    const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \né'
    for (let at = 0; at < text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)]
      const others = Array.from(signs).filter((sign) => sign !== text.charAt(at))
      for (const other of ['', ...others]) {
        assert.equal(failureOf(before + other + after).code, 'INVITATION_BAD')
      }
      assert.equal(failureOf(`${before}A${text.slice(at)}`).exit, 64)
    }
  })

  it('is refused when two neighbours changed places', () => {
    const text = encodeInvitation(makeInvitation())
    for (let at = 0; at + 1 < text.length; at++) {
      const [first, second] = [text.charAt(at), text.charAt(at + 1)]
      if (first === second) continue
      failureOf(text.slice(0, at) + second + first + text.slice(at + 2))
    }
  })

  it('is refused for whatever is none', () => {
    const text = encodeInvitation(makeInvitation())
    const cut = [0, 1, 5, 6, 7, 10, 100, text.length - 1].map((end) => text.slice(0, end))
    const odd = ['skein2' + text.slice(6), text.toUpperCase(), text + text, `${text}==`]
    const long = [' '.repeat(5_000) + text, 'skein1' + 'A'.repeat(4_090), 'x'.repeat(1e7)]
    for (const garbage of [...cut, ...odd, ...long]) failureOf(garbage)
    fc.assert(fc.property(fc.string(), (garbage) => failureOf(garbage).exit === 64))
    const packed = fc.uint8Array({ maxLength: 400 })
    const isRefused = (some: Uint8Array): boolean =>
      failureOf(`skein1${Buffer.from(some).toString('base64url')}`).code === 'INVITATION_BAD'
    fc.assert(fc.property(packed, isRefused))
  })

  it('is not made of what it could not say', () => {
    const wrong: readonly Partial<Invitation>[] = [
      { mesh: '' },
      { machine: 'two words' },
      { machine: 'zoë' },
      { id: asInvitationId('clm_01') },
      { peer: asPeerId('nobody') },
      { addresses: new Array<string>(9).fill('/ip4/10.0.0.1/tcp/1') },
      { addresses: ['x'.repeat(201)] },
      { networkKey: new Uint8Array(31) },
      { secret: new Uint8Array(33) },
      { expiresAtMs: -1 },
      { expiresAtMs: 1.5 },
      { expiresAtMs: 2 ** 48 },
    ]
    for (const changes of wrong) {
      assert.throws(() => encodeInvitation(makeInvitation(changes)), { name: 'AssertionError' })
    }
  })
})

describe('the secrets of an invitation', () => {
  const text = encodeInvitation(makeInvitation())

  it('are printed with none', () => {
    const invitation = decodeInvitation(text)
    const printed = [
      JSON.stringify({ invitation }),
      inspect(invitation),
      inspect([invitation], { depth: 9, showHidden: true }),
    ]
    for (const print of printed) {
      for (const secret of [invitation.secret, invitation.networkKey]) {
        assert.ok(!print.includes([...secret].slice(0, 4).join(',')), print)
        assert.ok(!print.includes([...secret].slice(0, 4).join(', ')), print)
      }
    }
    assert.match(JSON.stringify(invitation), /"machine":"workstation-of-zoe-nXTN"/)
    assert.deepEqual({ ...invitation }.secret, new Uint8Array(SECRET))
  })

  it('are in no failure', () => {
    const failure = failureOf(`${text.slice(0, -1)}~`)
    const said = inspect(failure, { depth: 9 }) + JSON.stringify(failure)
    for (let at = 6; at + 12 < text.length; at++) {
      assert.ok(!said.includes(text.slice(at, at + 12)), said)
    }
  })
})

describe('the key of an invitation', () => {
  const joiner = peerIdOf(new Uint8Array(32).fill(1))
  const invitation = asInvitationId(makeId('inv', 1, new Uint8Array(10)))

  it('signs a join that its public half verifies, and no other', () => {
    const { seed, key } = createInvitationKey()
    const join = joinBytes('mesh_1', invitation, joiner, 'laptop')
    const signature = Buffer.from(signJoin(seed, join), 'base64')
    assert.equal(verifySignature(key, join, signature), true)
    const others = [
      joinBytes('mesh_2', invitation, joiner, 'laptop'),
      joinBytes('mesh_1', asInvitationId(`${invitation}0`), joiner, 'laptop'),
      joinBytes('mesh_1', invitation, key, 'laptop'),
      joinBytes('mesh_1', invitation, joiner, 'laptop2'),
    ]
    for (const other of others) assert.equal(verifySignature(key, other, signature), false)
    assert.equal(verifySignature(createInvitationKey().key, join, signature), false)
  })

  it('comes back out of the text', () => {
    const { seed, key } = createInvitationKey()
    const { secret } = decodeInvitation(encodeInvitation(makeInvitation({ secret: seed })))
    const join = joinBytes('mesh_1', invitation, joiner, 'laptop')
    const signature = Buffer.from(signJoin(secret, join), 'base64')
    assert.equal(verifySignature(key, join, signature), true)
  })

  it('is another one each time', () => {
    assert.notEqual(createInvitationKey().key, createInvitationKey().key)
  })
})

describe('joinBytes', () => {
  it('are the same only for the same join', () => {
    const texts = fc.tuple(fc.string(), fc.string(), fc.string(), fc.string())
    const make = ([mesh, id, joiner, machine]: readonly [string, string, string, string]): string =>
      Buffer.from(joinBytes(mesh, asInvitationId(id), asPeerId(joiner), machine)).toString('hex')
    const differ = fc.property(texts, texts, (a, b) => {
      assert.equal(
        make(a) === make(b),
        a.every((text, at) => text === b[at]),
      )
    })
    fc.assert(differ)
    assert.notEqual(make(['a', 'b,"c"', 'd', 'e']), make(['a,"b"', 'c', 'd', 'e']))
  })
})
