import '../../daemon/shims.ts'
import type { TestContext } from 'node:test'
import { libp2pPlace } from '../helpers/libp2p-place.ts'
import { transportContract } from './transport.ts'

transportContract('createLibp2pTransport', (t: TestContext) => libp2pPlace(t))
