// A bare repository behind each transport that people push over: a folder, a real sshd on loopback, and `git http-backend` behind a
// small server. Each gives the address, and what git needs in its environment to reach it.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import path from 'node:path'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { until } from './poll.ts'
import { makeFolder } from './repo.ts'

export interface Served {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
}

export type Transport = 'local' | 'ssh' | 'http'

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/opt/homebrew/sbin/sshd'].find(existsSync)

/** Why a transport cannot be tried here; false: it can. */
export function cannotServe(transport: Transport): string | false {
  return transport === 'ssh' && SSHD === undefined ? 'no sshd is installed here' : false
}

export function serveGit(cleaner: Cleaner, transport: Transport, bare: string): Promise<Served> {
  if (transport === 'ssh') return serveSsh(cleaner, bare)
  if (transport === 'http') return serveHttp(cleaner, bare)
  return Promise.resolve({ url: bare, env: {} })
}

async function serveSsh(cleaner: Cleaner, bare: string): Promise<Served> {
  const folder = makeFolder(cleaner, 'skein-sshd-')
  chmodSync(folder, 0o700)
  const key = (name: string): string => {
    const file = path.join(folder, name)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    return file
  }
  const [host, user] = [key('host'), key('user')]
  const authorized = path.join(folder, 'authorized')
  writeFileSync(authorized, readFileSync(`${user}.pub`))
  const port = await freePort()
  const config = path.join(folder, 'config')
  const lines = [
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${host}`,
    `AuthorizedKeysFile ${authorized}`,
    `PidFile ${path.join(folder, 'pid')}`,
    ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin yes'],
    // Twenty pushers come at once.
    ...['MaxStartups 200', 'MaxSessions 200', 'UseDNS no'],
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  // Where sshd drops its rights, when it has any to drop.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const server = spawn(SSHD ?? 'sshd', ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
  onCleanup(cleaner, () => {
    server.kill('SIGKILL')
  })
  await until('sshd listens', async () => {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${said}`)
    return isListening(port)
  })
  const options = [
    ...['-F', 'none', '-i', user, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...[
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
    ],
  ]
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${String(port)}${bare}`,
    env: { GIT_SSH_COMMAND: ['ssh', ...options].join(' ') },
  }
}

/** sshd takes no port 0. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}

async function serveHttp(cleaner: Cleaner, bare: string): Promise<Served> {
  execFileSync('git', ['-C', bare, 'config', 'http.receivepack', 'true'])
  const server = http.createServer((request, response) => {
    answer(bare, request, response)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onCleanup(cleaner, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(port)}/${nameOf(bare)}`, env: {} }
}

/** With the folder above it for an owner, as addresses of forges have one. */
function nameOf(bare: string): string {
  return `${path.basename(path.dirname(bare))}/${path.basename(bare)}`
}

/** One request as CGI has it (RFC 3875). */
function answer(bare: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const header = (name: string): string => String(request.headers[name] ?? '')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      GIT_PROJECT_ROOT: path.dirname(path.dirname(bare)),
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
      ...(header('content-length') === '' ? {} : { CONTENT_LENGTH: header('content-length') }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  const parts: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => parts.push(chunk))
  child.once('close', () => {
    const whole = Buffer.concat(parts)
    const end = whole.indexOf('\r\n\r\n')
    for (const line of whole.toString('latin1', 0, Math.max(0, end)).split('\r\n')) {
      const [name = '', ...value] = line.split(': ')
      if (name === 'Status') response.statusCode = Number.parseInt(value.join(': '), 10)
      else if (name !== '') response.setHeader(name, value.join(': '))
    }
    response.end(end < 0 ? '' : whole.subarray(end + 4))
  })
}
