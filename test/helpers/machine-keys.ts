// Keys of machines that have no home.
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { peerIdOf, type MachineKey } from '../../daemon/machine-key.ts'

export function makeMachineKey(): MachineKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const spki = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })).export({
    format: 'der',
    type: 'spki',
  })
  return {
    peer: peerIdOf(spki.subarray(-32)),
    seed: () => privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32),
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}
