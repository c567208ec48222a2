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
    const [server] = await startEtcd(ground, 1)
    if (server === undefined) throw new Error('no etcd was started')
    return server
  },
}

/** So many nodes that are one cluster; default settings otherwise. */
export async function startEtcd(ground: Ground, nodes: number): Promise<readonly Server[]> {
  const ports: { readonly client: number; readonly peer: number }[] = []
  for (let i = 0; i < nodes; i++) ports.push({ client: await freePort(), peer: await freePort() })
  const url = (port: number): string => `http://127.0.0.1:${String(port)}`
  const cluster = ports.map(({ peer }, at) => `bench-${String(at)}=${url(peer)}`).join()
  const started = ports.map(({ client, peer }, at) => {
    const flags = {
      name: `bench-${String(at)}`,
      'data-dir': ground.folder('etcd'),
      'listen-client-urls': url(client),
      'advertise-client-urls': url(client),
      'listen-peer-urls': url(peer),
      'initial-advertise-peer-urls': url(peer),
      'initial-cluster': cluster,
      'log-level': 'error',
    }
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
    const process = ground.spawn('etcd', args)
    return { target: { system: 'etcd' as const, port: client }, process }
  })
  for (const { target, process } of started) await portAnswers(ground, target.port, process)
  return started
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
