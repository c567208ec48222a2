#!/usr/bin/env node
// The program: the one file above all folders. Gives the command line its process, and plugs in what only some verbs need,
// each loaded when it is called: `check` and `claim` start without any of it.
import './shims.ts'
import { realpathSync } from 'node:fs'
import path from 'node:path'
import tty from 'node:tty'
import type { OpenMcpHttp } from './api/mcp-routes.ts'
import type { McpDoor } from './api/mcp-socket.ts'
import { main, report } from './cli/main.ts'
import { homePath } from './client/place.ts'
import type { Io, Output } from './cli/io.ts'
import type { Machine } from './cli/machine.ts'
import { VERSION } from './version.ts'

const machine: Machine = {
  version: VERSION,
  async runDaemon(options) {
    const { runDaemon } = await import('./daemon.ts')
    return runDaemon({ ...options, doors: { mcp: loadMcpDoor, mcpHttp: loadMcpHttp } })
  },
  async daemonOf(home) {
    const { readLockOwner } = await import('./home-lock.ts')
    return readLockOwner(home)
  },
  async checkoutAt(folder, given) {
    const [{ createGit }, { loadRepoConfig }] = await Promise.all([
      import('./git.ts'),
      import('./config.ts'),
    ])
    const git = createGit(process.env)
    const checkout = await git.findCheckout(folder)
    if (checkout === null) return null
    const written = loadRepoConfig(checkout.root)
    const repo = given ?? (await git.repoIdOf(checkout, written))
    return { root: checkout.root, repo }
  },
  async validateConfig(home, root) {
    const { loadConfig, loadRepoConfig } = await import('./config.ts')
    const { existsSync } = await import('node:fs')
    const check = (file: string, load: () => unknown) => {
      load()
      return { file, isThere: existsSync(file) }
    }
    const own = check(`${home}/config.yml`, () => loadConfig({ home, env: process.env }))
    if (root === null) return [own]
    return [own, check(`${root}/.skein.yml`, () => loadRepoConfig(root))]
  },
  async verifyAudit(file) {
    const { verifyAuditFile } = await import('./daemon.ts')
    return verifyAuditFile(file)
  },
  async runBridge(options) {
    const { runBridge } = await import('../mcp/bridge.ts')
    await runBridge(options)
  },
  async runBoard(host) {
    const [{ runBoard }, { sha256 }] = await Promise.all([
      import('../tui/run.tsx'),
      import('./sha256.ts'),
    ])
    await runBoard(host, sha256)
  },
  async loadWiring() {
    const { createWiring } = await import('./wiring/wiring.ts')
    return createWiring(process.env)
  },
  async loadDoctor() {
    const { createDoctor } = await import('./doctor/doctor.ts')
    return createDoctor(process.env)
  },
  async loadService() {
    const { createUserService } = await import('./service/service.ts')
    return createUserService({ env: process.env, self: io.self, cwd: io.cwd })
  },
  async guardOffline(home, input) {
    const { judgeOffline } = await import('./guard/offline.ts')
    return judgeOffline(home, input, process.env, Date.now())
  },
  async runGitHook(hook, call) {
    const { runGitHook } = await import('./git-hooks/run.ts')
    return runGitHook(hook, call)
  },
  async pushByHand(words, { cwd }) {
    const { pushByHand } = await import('./push/by-hand.ts')
    const helper = [process.execPath, ...process.execArgv, helperBeside(process.argv[1] ?? '')]
    return pushByHand({ words, cwd, env: process.env, home: homePath(process.env), helper })
  },
  async verifyPush({ cwd, ...options }) {
    const { verifyPush } = await import('./push/verify.ts')
    const { createUserGit } = await import('./git-user.ts')
    const { loadRepoConfig } = await import('./config.ts')
    const git = createUserGit(cwd, process.env)
    const root = (await git.read(['rev-parse', '--show-toplevel'])).trimEnd()
    const caseExact = loadRepoConfig(root).case === 'exact'
    return verifyPush(git, { ...options, caseExact })
  },
}

/** The program that git starts for `skein::` lies beside this one, also where this one is a link. */
function helperBeside(script: string): string {
  const real = realpathSync(script)
  return path.join(path.dirname(real), `git-remote-skein${path.extname(real)}`)
}

async function loadMcpDoor(): Promise<McpDoor> {
  const { serveMcp } = await import('../mcp/server.ts')
  return (stream, operations) => serveMcp(stream, operations, { version: VERSION }).closed
}

async function loadMcpHttp(): Promise<OpenMcpHttp> {
  const { serveMcpHttp } = await import('../mcp/http.ts')
  return (operations) => serveMcpHttp(operations, { version: VERSION })
}

const interrupt = new AbortController()

const io: Io = {
  // Getters: a stream that is never used is never opened.
  get stdin() {
    return process.stdin
  },
  stdout: outputOf(() => process.stdout),
  stderr: outputOf(() => process.stderr),
  get canAsk() {
    return tty.isatty(0) && tty.isatty(2)
  },
  env: process.env,
  cwd: workingDirectory(),
  now: Date.now,
  interrupted: interrupt.signal,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
}

// Once: a second Ctrl-C ends the process at once, whatever it is waiting for.
process.once('SIGINT', () => {
  interrupt.abort()
})
process.once('SIGTERM', () => {
  interrupt.abort()
})
process.once('uncaughtException', (error) => {
  // What is broken may hold the process open for ever, so here setting the exit code is not enough.
  // eslint-disable-next-line no-restricted-properties
  process.exit(report(error, false, io))
})

process.exitCode = await main(process.argv.slice(2), io, machine)

function outputOf(stream: () => NodeJS.WriteStream): Output {
  let isOpen = false
  const closed = new AbortController()
  const open = (): NodeJS.WriteStream => {
    const opened = stream()
    if (!isOpen) {
      isOpen = true
      opened.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
        // `skein claims | head -1` is no failure; what goes on for ever looks at this.
        closed.abort()
      })
    }
    return opened
  }
  return {
    write(text) {
      if (text !== '') open().write(text)
    },
    get stream() {
      return open()
    },
    closed: closed.signal,
    get isTerminal() {
      return open().isTTY
    },
    get columns() {
      const { isTTY, columns } = open()
      return isTTY ? columns : Infinity
    },
  }
}

function workingDirectory(): string | null {
  try {
    return process.cwd()
  } catch {
    return null
  }
}
