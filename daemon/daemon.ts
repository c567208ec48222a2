// The composition root: builds every part of a daemon and wires them by hand, in start order; stopping is the reverse.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, useSha256 } from '../protocol/index.ts'
import { openAccessTokens } from './access/tokens.ts'
import { openWebLogins } from './access/web-logins.ts'
import { createCallers } from './callers.ts'
import { homePath } from './client/place.ts'
import { loadConfig, type Config } from './config.ts'
import { openDoors, type FrontEnds } from './doors.ts'
import { AGAIN, createEnding, untilDeparture, untilFailure } from './ending.ts'
import { createFeed, holdFor } from './feed.ts'
import { createGit } from './git.ts'
import { createGitEdits } from './git-edits.ts'
import { createCommitted } from './git-committed.ts'
import { createGrep } from './git-grep.ts'
import { createTrackedPolicy } from './policy/tracked.ts'
import { createHistory } from './git-history.ts'
import { createMerges } from './git-merge.ts'
import { createWorktree } from './git-worktree.ts'
import { createGuardState } from './guard/state.ts'
import { tendWaits } from './guard/waiting/tend.ts'
import { takeHomeLock } from './home-lock.ts'
import { openHome } from './home.ts'
import { createMachine } from './host.ts'
import { createMeshLine, enterMesh } from './in-mesh.ts'
import { ledgerFacts } from './ledger-facts.ts'
import { openLog, type Log, type LogOptions } from './log.ts'
import { defaultMachineName, openMachineKey, type MachineKey } from './machine-key.ts'
import { measured } from './measured.ts'
import { createLateMetrics } from './metrics/recorder.ts'
import { createOperations } from './operations/dispatch.ts'
import type { About } from './operations/context.ts'
import type { Clock } from './ports.ts'
import { createLanguageServers, type ServersOptions } from './refactor/lsp/servers.ts'
import { startByItself, startRounds, startServices, takeUpNotes } from './rounds.ts'
import { createSessions } from './sessions.ts'
import { sha256 } from './sha256.ts'
import { verifyFile } from './storage/audit-verify.ts'
import { syncSourcesOf } from './sync-sources.ts'
import { createIssuedTokens } from './tasks/tokens.ts'
import { Teardown } from './teardown.ts'
import { tracingIn } from './tracing/settings.ts'
import type { TracedProcess } from './tracing/start.ts'
import { rememberTold } from './told-markers.ts'
import { traced } from './tracing/traced.ts'
import { VERSION } from './version.ts'
import { keepWorkers } from './work.ts'
import { openWorkingDays } from './working-days.ts'
import { openReadOnly } from './watching/read-only.ts'

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: { readonly http_port?: number }
  readonly toStderr: boolean
  readonly doors: FrontEnds
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

/**
 * Starts the daemon of this home and resolves when it is ready. One that has to go into another mesh starts again, in this
 * process. @throws SkeinError when it cannot be.
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  useSha256(sha256)
  let running = await startOnce(options)
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted
  const live = async (): Promise<number> => {
    for (;;) {
      const exit = await running.finished
      if (exit !== AGAIN) return exit
      if (isStopping()) return 0
      try {
        running = await startOnce(options)
        // It was stopped while it started, when there was nothing yet that could be.
        if (isStopping()) running.stop()
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error
        tellFailedStart(options, running.home, error)
        return error.exit
      }
    }
  }
  const finished = live()
  const { home, machine, http } = running
  return {
    home,
    machine,
    http,
    finished,
    async stop() {
      stopping.abort()
      running.stop()
      await finished
    },
  }
}

/** Nobody waits for this start: the log is where its failure is found. */
function tellFailedStart(options: DaemonOptions, home: string, error: SkeinError): void {
  const config = loadConfig({ home, env: options.env, flags: options.flags })
  openLog(home, logOptions(options, config)).error(
    { code: error.code, error: error.message, hint: error.hint },
    'the daemon could not start again',
  )
}

interface Running extends Pick<Daemon, 'home' | 'machine' | 'http'> {
  readonly finished: Promise<number | typeof AGAIN>
  readonly stop: () => void
}

async function startOnce(options: DaemonOptions): Promise<Running> {
  const stack = new Teardown()
  try {
    return await start(options, stack)
  } catch (error) {
    await stack.unwind()
    throw error
  }
}

async function start(options: DaemonOptions, stack: Teardown): Promise<Running> {
  const { env, flags } = options
  const home = openHome(homePath(env))
  const config = loadConfig({ home: home.path, env, flags })
  const lock = await takeHomeLock(home.path, VERSION)
  stack.add(() => {
    lock.release()
  })
  const log = stack.logTo(openLog(home.path, logOptions(options, config)))
  const key = openMachineKey(home.path)
  const name = config.machine ?? defaultMachineName(home.path, key.peer)
  await sendSpans({ version: VERSION, machine: name }, env, log, stack)
  const ending = createEnding()
  const feed = createFeed(log)
  const metrics = createLateMetrics()
  feed.watch(metrics.recorder.event)
  const held = holdFor(feed.watch)
  const line = createMeshLine(log, key.peer, name)
  const own = { log, end: ending.fail, onEvent: feed.publish, metrics, line }
  const machine = createMachine(home.path, key, own)
  const git = createGit(env)
  const history = createHistory(env)
  const { mesh, repos, joining, reach, machines, recovery, departure } = await enterMesh(
    {
      ...{ home: home.path, name, key, machine, line, config, git, history, env, log },
      startAgain: ending.startAgain,
    },
    stack,
  )
  const { clock } = machine
  const sessions = createSessions(clock)
  const access = openAccess(home.path, clock)
  const here = { home: home.path, env, name, key, machine, line, config, sessions, feed, log }
  const work = { ...here, repos, git, history, mesh }
  const { places, ...kept } = keepWorkers(work, held, stack)
  const callers = createCallers({ repos, sessions, git, places, peer: key.peer, machine: name })
  const about = aboutOf(home.path, name, key, clock)
  const parts = {
    ...{ repos, callers, sessions, git, history, clock, config, mesh, about, metrics },
    policy: createTrackedPolicy({ history, clock, log }),
    ...{ joining, reach, machines, recovery, ...gitDoorsOf(env) },
    servers: createLanguageServers(serversOf(config, env)),
    guard: createGuardState({ machine: name, home: home.path, clock, log }, feed.watch),
    readOnly: openReadOnly({ home: home.path, self: key.peer, git, callers }),
    ...startServices(
      { home: home.path, machine: name, config, repos, mesh: mesh.host, feed, clock, log, env },
      stack,
    ),
    ...{ ...kept, days: openWorkingDays(home.path), told: rememberTold() },
    ...{ tokens: createIssuedTokens(), ...access, random: machine.random },
    startAgain: () => {
      setTimeout(ending.startAgain, ANSWER_LEAVES_MS)
    },
  }
  stack.add(tendWaits(parts, log))
  const present = untilDeparture(createOperations(parts, feed.watch), departure.isBegun)
  const operations = traced(measured(untilFailure(present, ending.failure), metrics.recorder))
  const around = { home: home.path, peer: key.peer, host: mesh.host, watch: feed.watch, log, env }
  startRounds({ ...parts, ...around, places }, stack)
  startByItself({ parts, watch: feed.watch, log }, stack)
  const secrets = { token: home.token, tokens: access.accessTokens, webLogins: access.webLogins }
  const place = { frontEnds: options.doors, config, home: home.path, env, clock, ...secrets }
  const served = { operations, about, repos, callers, log, metrics }
  const doors = await openDoors(place, stack, { ...served, sync: syncSourcesOf(parts, present) })
  metrics.start({ about, sessions: sessions.count, ...doors, ledgers: () => ledgerFacts(parts) })
  takeUpNotes(home.path, operations, log, clock)
  log.info({ version: VERSION, machine: name, http: about.http, pid: process.pid }, 'ready')

  const finished = ended(ending, stack, log)
  return { home: home.path, machine: name, http: about.http, finished, stop: ending.stop }
}

/** Who was let in before, by what the home keeps of it. */
function openAccess(home: string, clock: Clock) {
  return { accessTokens: openAccessTokens(home, clock), webLogins: openWebLogins(home, clock) }
}

async function ended(
  { exit: asked, failure }: ReturnType<typeof createEnding>,
  stack: Teardown,
  log: Log,
): Promise<number | typeof AGAIN> {
  const exit = await asked
  // Who calls in the last moment is told why, and not cut off.
  if (failure() !== null) await delay(FAILURE_TOLD_MS)
  await stack.unwind()
  log.info({ exit }, 'stopped')
  return exit
}

function aboutOf(home: string, machine: string, { peer }: MachineKey, clock: Clock): About {
  const startedAtMs = clock.wall()
  return { version: VERSION, machine, peer, home, startedAtMs, http: null }
}

/** The library of the spans costs 30 ms to load. */
async function sendSpans(
  about: TracedProcess,
  env: DaemonOptions['env'],
  log: Log,
  stack: Teardown,
): Promise<void> {
  const wish = tracingIn(env)
  if (wish.kind === 'impossible') log.warn({ why: wish.why }, 'no spans are sent')
  if (wish.kind !== 'on') return
  const { startTracing } = await import('./tracing/start.ts')
  stack.add(startTracing(about))
}

/** Beside git.ts and git-history.ts, each for one kind of question. */
function gitDoorsOf(env: DaemonOptions['env']) {
  return {
    merges: createMerges(env),
    edits: createGitEdits(env),
    grep: createGrep(env),
    committed: createCommitted(env),
    worktree: createWorktree(env),
  }
}

function serversOf(
  { language_servers: allowed }: Config,
  env: DaemonOptions['env'],
): ServersOptions {
  return { allowed, env }
}

function logOptions(
  { toStderr }: DaemonOptions,
  { log_level: level, retention }: Config,
): LogOptions {
  return { toStderr, level, bytesMax: retention.logs_mib * 1_048_576 }
}

/** How long the answer of the last call has to leave before the doors close. */
const ANSWER_LEAVES_MS = 100

/** Of a log that was exported. @throws SkeinError NOT_FOUND */
export const verifyAuditFile = verifyFile
