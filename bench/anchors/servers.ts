// etcd and Redis beside skein, one node each on loopback, their data on the disk that holds the home of skein.
import net from 'node:net'
import { freePort, versionOf, type Ground, type Spawned } from '../ground.ts'
import type { Target } from '../load/caller.ts'

export interface Server {
  readonly target: Target
  readonly process: Spawned
}

export interface Anchor {
  readonly name: 'etcd' | 'redis'
  /** Null when it is not installed. */
  readonly version: string | null
  start(ground: Ground): Promise<Server>
}

const READY_MS_MAX = 15_000

export const etcd: Anchor = {
  name: 'etcd',
  version: versionOf('etcd'),
  async start(ground) {
    const [port, peerPort] = [await freePort(), await freePort()]
    const [client, peer] = [port, peerPort].map((at) => `http://127.0.0.1:${String(at)}`)
    const flags = {
      name: 'bench',
      'data-dir': ground.folder('etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `bench=${String(peer)}`,
      'log-level': 'error',
    }
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])
    const process = ground.spawn('etcd', args)
    await portAnswers(ground, port, process)
    return { target: { system: 'etcd', port }, process }
  },
}

export const redis: Anchor = {
  name: 'redis',
  version: versionOf('redis-server'),
  async start(ground) {
    const port = await freePort()
    const flags = {
      port: String(port),
      bind: '127.0.0.1',
      dir: ground.folder('redis'),
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
      daemonize: 'no',
    }
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
    const process = ground.spawn('redis-server', args)
    process.child.stdout?.resume()
    await portAnswers(ground, port, process)
    return { target: { system: 'redis', port }, process }
  },
}

async function portAnswers(ground: Ground, port: number, { child, said }: Spawned): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX
  while (performance.now() < deadline && child.exitCode === null) {
    if (await connects(port)) return
    await ground.sleep(50)
  }
  throw new Error(`the server at port ${String(port)} did not start: ${said()}`)
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
