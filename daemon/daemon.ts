// The composition root: builds every part of a daemon and wires them by hand, in start order; stopping is the reverse.
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, useSha256 } from '../protocol/index.ts'
import { createApi } from './api/server.ts'
import { createEventStreams } from './api/event-stream.ts'
import { createMcpSocket, type McpDoor } from './api/mcp-socket.ts'
import { createMcpRoutes, type OpenMcpHttp } from './api/mcp-routes.ts'
import { allRoutes } from './api/routes.ts'
import { createCallers, type Callers } from './callers.ts'
import type { Operations } from './client/operations.ts'
import { homePath } from './client/place.ts'
import { createClock } from './clock.ts'
import { isExplicit, loadConfig, type Config } from './config.ts'
import { createEnding, untilFailure } from './ending.ts'
import { createFeed } from './feed.ts'
import { createGit } from './git.ts'
import { createHistory } from './git-history.ts'
import { takeHomeLock } from './home-lock.ts'
import { openHome, setAside, socketPaths } from './home.ts'
import type { HostMachine } from './host-machine.ts'
import { openLog, type Log, type LogOptions } from './log.ts'
import { startMemory } from './memory.ts'
import {
  defaultMachineName,
  openMachineKey,
  verifySignature,
  type MachineKey,
} from './machine-key.ts'
import { createOperations } from './operations/dispatch.ts'
import type { About } from './operations/context.ts'
import type { Storage, SymbolIndex } from './ports.ts'
import { ledgerFacts } from './ledger-facts.ts'
import { measured } from './measured.ts'
import { createLateMetrics, type LateMetrics } from './metrics/recorder.ts'
import { openMesh } from './mesh.ts'
import { createRandom } from './random.ts'
import { createRepos, type Repos } from './repos.ts'
import { startRetention, type RetentionOptions } from './retention.ts'
import { createSessions } from './sessions.ts'
import { sha256 } from './sha256.ts'
import { openAudit } from './storage/audit.ts'
import { verifyFile } from './storage/audit-verify.ts'
import { createDurableStore } from './storage/durable.ts'
import { createSymbols } from './symbols/symbols.ts'
import { startBranchWatch, type BranchWatchOptions } from './tasks/branch-watch.ts'
import { Teardown } from './teardown.ts'
import { createIssuedTokens } from './tasks/tokens.ts'
import { startUpkeep, type UpkeepOptions } from './upkeep.ts'
import { VERSION } from './version.ts'

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: { readonly http_port?: number }
  readonly toStderr: boolean
  /** Front ends are handed in from above: the daemon knows none. */
  readonly doors: {
    readonly mcp: () => Promise<McpDoor>
    readonly mcpHttp: () => Promise<OpenMcpHttp>
  }
}

export interface Daemon {
  readonly home: string
  readonly machine: string
  readonly http: string | null
  /** Resolves with the exit code when the daemon has ended, of itself or by `stop`. */
  readonly finished: Promise<number>
  stop(): Promise<void>
}

/** How long a failing daemon goes on answering that it failed. */
const FAILURE_TOLD_MS = 500
const CLOSE_GRACE_MS = 2_000

/** Starts the daemon of this home and resolves when it is ready. @throws SkeinError when it cannot be. */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  useSha256(sha256)
  const stack = new Teardown()
  try {
    return await start(options, stack)
  } catch (error) {
    await stack.unwind()
    throw error
  }
}

async function start(options: DaemonOptions, stack: Teardown): Promise<Daemon> {
  const { env, flags } = options
  const home = openHome(homePath(env))
  const config = loadConfig({ home: home.path, env, flags })
  const lock = await takeHomeLock(home.path, VERSION)
  stack.add(() => {
    lock.release()
  })
  const log = openLog(home.path, logOptions(options, config))
  const key = openMachineKey(home.path)
  const machineName = config.machine ?? defaultMachineName(home.path, key.peer)
  const ending = createEnding()
  const feed = createFeed(log)
  const metrics = createLateMetrics()
  feed.watch(metrics.recorder.event)
  const own = { log, name: machineName, end: ending.fail, onEvent: feed.publish, metrics }
  const machine = createMachine(home.path, key, own)

  const mesh = await openMesh(home.path, machine, key, machineName)
  stack.add(() => mesh.stop())
  const git = createGit(env)
  const history = createHistory(env)
  const meshId = mesh.loop.view().state.mesh
  const repos = createRepos({ machine, mesh, meshId, git, config, log })
  stack.add(() => repos.stop())
  await repos.start()

  const { clock } = machine
  const sessions = createSessions(clock)
  const callers = createCallers({ repos, sessions, git, peer: key.peer, machine: machineName })
  const about: About = {
    version: VERSION,
    machine: machineName,
    peer: key.peer,
    home: home.path,
    startedAtMs: clock.wall(),
    http: null,
  }
  const asked = { tokens: createIssuedTokens(), symbols: startSymbols(log, stack), metrics }
  const parts = { repos, callers, sessions, git, history, clock, config, mesh, about, ...asked }
  const operations = measured(
    untilFailure(createOperations(parts, feed.watch), ending.failure),
    metrics.recorder,
  )
  startRounds({ repos, sessions, git, history, clock, peer: key.peer, log, mesh, config }, stack)

  const doors = await openDoors({ options, config, home: home.path, token: home.token }, stack, {
    operations,
    about,
    repos,
    callers,
    log,
    metrics,
  })
  metrics.start({ about, sessions: sessions.count, ...doors, ledgers: () => ledgerFacts(parts) })
  log.info({ version: VERSION, machine: machineName, http: about.http, pid: process.pid }, 'ready')

  const finished = ending.exit.then(async (exit) => {
    // Who calls in the last moment is told why, and not cut off.
    if (ending.failure() !== null) await delay(FAILURE_TOLD_MS)
    await stack.unwind()
    log.info({ exit }, 'stopped')
    return exit
  })
  return {
    home: home.path,
    machine: machineName,
    http: about.http,
    finished,
    async stop() {
      ending.stop()
      await finished
    },
  }
}

function logOptions(
  { toStderr }: DaemonOptions,
  { log_level: level, retention }: Config,
): LogOptions {
  return { toStderr, level, bytesMax: retention.logs_mib * 1_048_576 }
}

/** The ways in, opened last: whoever gets in finds everything there. */
async function openDoors(
  place: {
    readonly options: DaemonOptions
    readonly config: Config
    readonly home: string
    readonly token: string
  },
  stack: Teardown,
  served: {
    readonly operations: Operations
    readonly about: About
    readonly repos: Repos
    readonly callers: Callers
    readonly log: Log
    readonly metrics: LateMetrics
  },
): Promise<{ readonly streams: () => number; readonly mcpConnections: () => number }> {
  const { operations, about, repos, callers, log, metrics } = served
  const streams = createEventStreams(operations)
  const mcpOverHttp = createMcpRoutes(operations, place.options.doors.mcpHttp)
  const api = createApi({
    log,
    onAnswer(answered) {
      metrics.recorder.request(answered)
      log.debug({ ...answered }, 'answered')
    },
    token: place.token,
    routes: allRoutes({
      operations,
      repos,
      callers,
      metrics,
      streams,
      mcp: mcpOverHttp,
      version: VERSION,
      hasCheckout: () => repos.all().some(({ checkouts }) => checkouts.length > 0),
      isReady: () => about.http !== null && repos.all().every((repo) => repo.host !== null),
    }),
  })
  stack.add(() => api.close(CLOSE_GRACE_MS))
  // Before it: streams that go on would use up all its grace.
  stack.add(() => mcpOverHttp.close())
  stack.add(streams.close)
  const sockets = socketPaths(place.home, place.options.env)
  about.http = `http://127.0.0.1:${String(await listenOnPort(api, place.config))}`
  const mcp = createMcpSocket(operations, place.options.doors.mcp, log)
  stack.add(() => mcp.close())
  await mcp.listen(sockets.mcp)
  await api.listenOnSocket(sockets.api)
  return { streams: streams.count, mcpConnections: mcp.count }
}

/** What a daemon does without being asked, for its own sessions and for the machine that it runs on. */
function startRounds(
  options: UpkeepOptions & BranchWatchOptions & RetentionOptions,
  stack: Teardown,
): void {
  const memory = startMemory()
  stack.add(() => {
    memory.stop()
  })
  const upkeep = startUpkeep(options)
  stack.add(() => {
    upkeep.stop()
  })
  const retention = startRetention(options)
  stack.add(() => {
    retention.stop()
  })
  const branches = startBranchWatch(options)
  stack.add(() => branches.stop())
}

/** Its thread starts with the first file that is to be parsed. */
function startSymbols(log: Log, stack: Teardown): SymbolIndex {
  const symbols = createSymbols({ log })
  stack.add(() => symbols.stop())
  return symbols
}

function createMachine(
  home: string,
  key: MachineKey,
  {
    log,
    name,
    end,
    onEvent,
    metrics,
  }: {
    readonly log: Log
    readonly name: string
    readonly end: (error: SkeinError) => void
    readonly onEvent: HostMachine['onEvent']
    readonly metrics: LateMetrics
  },
): HostMachine {
  const storage: Storage = {
    openLog: (folder, events) =>
      createDurableStore(path.join(home, 'ledger', folder, 'log'), events),
    openAudit: (folder, events) => openAudit(path.join(home, 'audit', folder), { ...events, log }),
    setAside: (folder) => setAside(path.join(home, 'ledger', folder)),
  }
  return {
    self: key.peer,
    signer: {
      sign: (bytes) => Buffer.from(key.sign(bytes)).toString('base64'),
      verify: (peer, bytes, signature) =>
        verifySignature(peer, bytes, Buffer.from(signature, 'base64')),
    },
    storage,
    clock: createClock(),
    random: createRandom(),
    machineOf: (peer) => (peer === key.peer ? name : peer),
    onEvent,
    onCommit: metrics.recorder.commit,
    onFailure(error) {
      log.error(
        { code: error.code, error: error.message, hint: error.hint },
        'the disk failed: nothing more is promised',
      )
      end(error)
    },
  }
}

/** Of a log that was exported. @throws SkeinError NOT_FOUND */
export const verifyAuditFile = verifyFile

function listenOnPort(api: ReturnType<typeof createApi>, config: Config): Promise<number> {
  return api.listenOnPort(
    config.http_port,
    isExplicit(config, 'http_port') && config.http_port !== 0,
  )
}
