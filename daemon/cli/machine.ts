// What a few verbs need of this machine's own side, where no daemon is asked. The command line knows only these shapes:
// bin.ts plugs the parts in and loads each when it is called, so that `check` and `claim` start without them.
import type { Readable, Writable } from 'node:stream'
import type { HarnessName, HookEvent, HookVerdict, OperationResult } from '../../protocol/index.ts'
import type { BoardHost } from '../client/board-host.ts'
import type { Command } from './arguments.ts'
import type { Io } from './io.ts'
import type { Doctor, Wiring } from './setup.ts'
import type { UserService } from './user-service.ts'

/** A verb that asks no daemon for its answer; returns the exit code. */
export type LocalCommand = (command: Command, io: Io, machine: Machine) => Promise<number> | number

export interface Machine {
  /** Of this program. */
  readonly version: string
  /** Becomes the daemon of this home, and resolves when it is ready. */
  runDaemon(options: DaemonOptions): Promise<RunningDaemon>
  /** The living daemon of a home; null when none lives. */
  daemonOf(home: string): Promise<DaemonProcess | null>
  /** The checkout that holds a folder, with the given id or the one that its repository has by itself; null outside. */
  checkoutAt(folder: string, given: string | null): Promise<CheckoutFacts | null>
  /** @throws SkeinError CONFIG_INVALID with every problem of the first wrong file. */
  validateConfig(home: string, root: string | null): Promise<readonly CheckedFile[]>
  /** Checks the hash chain of an exported audit log. @throws SkeinError NOT_FOUND */
  verifyAudit(file: string): Promise<AuditFileVerdict>
  runBridge(options: BridgeOptions): Promise<void>
  /** Draws the board on the terminal until the person leaves it. */
  runBoard(host: BoardHost): Promise<void>
  loadWiring(): Promise<Wiring>
  loadDoctor(): Promise<Doctor>
  /** Null where skein knows no service manager. */
  loadService(): Promise<UserService | null>
  /** The verdict on a hook when no daemon of this home answers. */
  guardOffline(home: string, input: HookInput): Promise<HookVerdict>
  /** @returns the exit code: 1 refuses, 0 lets git go on. */
  runGitHook(hook: string, call: HookCall): Promise<number>
  /** git's own push through the helper. @returns git's exit code. */
  pushByHand(words: readonly string[], where: { readonly cwd: string }): Promise<number>
  /** Checks pushed commits against the tokens of their remote. @param facts what the daemon knows; null without one. */
  verifyPush(options: VerifyPushOptions): Promise<PushVerdict>
}

/** What a hook is asked with. */
export type HookInput = Readonly<Record<string, unknown>> & {
  readonly harness: HarnessName
  readonly event: HookEvent
  readonly payload: Readonly<Record<string, unknown>>
}

export interface HookCall {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: () => Promise<string>
  readonly say: (line: string) => void
}

export interface VerifyPushOptions {
  readonly cwd: string
  readonly remote: string
  readonly range: string | null
  readonly facts: OperationResult<'fence'> | null
}

interface FoundIn {
  readonly commit: string
  readonly subject: string
  readonly path: string
}

interface HeldFinding extends FoundIn {
  readonly kind: 'bypass' | 'stale'
  readonly claim: string
  readonly holder: string
  readonly fence: number
}

interface PolicyFinding extends FoundIn {
  readonly kind: 'protected' | 'unapproved'
  readonly rule: string
  readonly owners: readonly string[]
}

interface PassedPolicy extends FoundIn {
  readonly kind: 'bypassed' | 'ended'
  readonly rule: string
  readonly owners: readonly string[]
  readonly why: string
}

export interface PushVerdict {
  readonly ok: boolean
  readonly range: string
  readonly commits: number
  readonly findings: readonly (HeldFinding | PolicyFinding)[]
  readonly passed: readonly PassedPolicy[]
  readonly policy: { readonly branch: string; readonly commit: string } | null
  readonly tokens: number
  readonly remote: {
    readonly generation: number
    readonly term: number
    readonly index: number
  } | null
  readonly synced: boolean | null
  readonly missing: readonly { readonly claim: string; readonly fence: number }[]
}

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: { readonly http_port?: number }
  readonly toStderr: boolean
}

export interface RunningDaemon {
  readonly home: string
  readonly machine: string
  readonly http: string | null
  /** The exit code, once it has ended. */
  readonly finished: Promise<number>
  stop(): Promise<void>
}

export interface DaemonProcess {
  readonly pid: number
  readonly version: string
}

export interface CheckoutFacts {
  readonly root: string
  readonly repo: string
}

export interface CheckedFile {
  readonly file: string
  readonly isThere: boolean
}

export interface AuditFileVerdict {
  readonly events: number
  readonly last: string | null
  /** In words; null when the chain holds. */
  readonly problem: string | null
}

export interface BridgeOptions {
  /** Asked before each dial: the first start of a daemon may choose another place. */
  readonly socketPath: () => string
  readonly greeting: Greeting
  readonly stdin: Readable
  readonly stdout: Writable
  /** Starts a daemon and returns when it is ready; null where none may be started. */
  readonly start: (() => Promise<void>) | null
}

/** The bridge's first line; null where the daemon shall fill it in. */
export interface Greeting {
  readonly skein: 1
  readonly cwd: string
  readonly repo: string | null
  readonly agent: string | null
  readonly session: string | null
  readonly harness: string | null
  readonly user: string | null
  readonly pid: number | null
  readonly started: string | null
}
