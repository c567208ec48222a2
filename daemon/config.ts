// Configuration, read once: defaults < file < environment < flags, each value with where it comes from, in one frozen Config.
// A wrong key or value is refused with file, line and the nearest right key; nothing is skipped and nothing guessed.
// Keys are those of the files, in code too. What a value means is known to the part that uses it.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { parseDocument, type Document } from 'yaml'
import { DEFAULTS, SkeinError } from '../protocol/index.ts'
import { readConfigFile, type ConfigFile } from './config-file.ts'
import {
  machineFileSchema,
  repoFileSchema,
  type MachineFile,
  type RepoFile,
} from './config-schema.ts'
import { LOOPBACK, PORT_MAX, parseListenAddress, type ListenAddress } from './config-words.ts'
import { replaceFile } from './home.ts'

export type ConfigSource = 'default' | 'file' | 'environment' | 'flag'

/** One line of `skein config`. */
export interface Setting {
  /** As in the file, with dots between the levels: `ttl.shared`. */
  readonly key: string
  readonly value: unknown
  readonly source: ConfigSource
  /** `FILE:LINE` or the variable's name; null for a default or a flag. */
  readonly from: string | null
}

/** This machine's configuration. */
export interface Config {
  readonly home: string
  /** Null asks for the default name of machine-key.ts. */
  readonly machine: string | null
  readonly listen: readonly ListenAddress[]
  /** By the name of the machine that is dialled. */
  readonly dial: Readonly<Record<string, readonly ListenAddress[]>>
  readonly discovery: 'none' | 'mdns'
  readonly http_port: number
  readonly repos: Readonly<Record<string, readonly string[]>>
  readonly exclude: readonly string[]
  readonly enrol: 'auto' | 'ask'
  readonly trust_scripts: boolean
  readonly read_only: boolean
  readonly language_servers: readonly string[]
  readonly log_level: 'info' | 'debug'
  /** `audit` and `wip` in seconds. */
  readonly retention: {
    readonly audit: number
    readonly audit_mib: number
    readonly logs_mib: number
    readonly wip: number
    readonly wip_mib: number
  }
  readonly capabilities: readonly string[]
  readonly webhooks: NonNullable<MachineFile['webhooks']>
  /** By repository, or `default`. */
  readonly tracker: NonNullable<MachineFile['tracker']>
  readonly fleet: NonNullable<MachineFile['fleet']>
  readonly settings: readonly Setting[]
}

/** What a checkout's `.skein.yml` says, with the defaults for what it leaves out. Durations in seconds. */
export interface RepoConfig {
  /** Null: there is no such file, and every value is a default. */
  readonly file: string | null
  readonly repo: string | null
  readonly default_branch: string | null
  readonly plan_path: string
  readonly case: 'exact' | 'fold'
  readonly limits: {
    readonly files: number
    readonly ratio: number
    /** Null: no bound. */
    readonly claims_per_agent: number | null
    readonly waits_per_agent: number | null
    readonly waits: number | null
  }
  readonly ttl: { readonly default: number; readonly shared: number; readonly task: number }
  readonly idle_release: number
  readonly shared: readonly string[]
  readonly protected: readonly string[]
  readonly depends_on: readonly string[]
  readonly owners: NonNullable<RepoFile['owners']>
  readonly hotspots: NonNullable<RepoFile['hotspots']>
  readonly commands: NonNullable<RepoFile['commands']>
  readonly fleet: NonNullable<RepoFile['fleet']>
  readonly release_on_landing: boolean
  readonly edit_wait: { readonly headless: number; readonly interactive: number }
  readonly offline: 'provisional' | 'ask' | 'deny' | 'allow'
  readonly settings: readonly Setting[]
}

export interface ConfigInput {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags?: ConfigOverrides
}

/** The keys that the environment and the command line may set too. */
interface ConfigOverrides {
  readonly listen?: readonly ListenAddress[]
  readonly http_port?: number
}

/** @throws SkeinError CONFIG_INVALID */
export function loadConfig({ home, env, flags = {} }: ConfigInput): Config {
  const file = readConfigFile(path.join(home, 'config.yml'), 'config.yml', machineFileSchema)
  const given = file?.value ?? {}
  const variables = readVariables(env)
  const values = {
    machine: given.machine ?? null,
    listen: flags.listen ??
      variables.listen ??
      given.listen ?? [{ host: LOOPBACK, port: DEFAULT_MESH_PORT }],
    dial: given.dial ?? {},
    discovery: given.discovery ?? 'none',
    http_port: flags.http_port ?? variables.http_port ?? given.http_port ?? DEFAULT_HTTP_PORT,
    repos: given.repos ?? {},
    exclude: given.exclude ?? [],
    enrol: given.enrol ?? 'auto',
    trust_scripts: given.trust_scripts ?? false,
    read_only: given.read_only ?? false,
    language_servers: given.language_servers ?? [],
    log_level: given.log_level ?? 'info',
    retention: {
      audit: given.retention?.audit ?? DEFAULTS.auditKeptSeconds,
      audit_mib: given.retention?.audit_mib ?? DEFAULTS.auditMibMax,
      logs_mib: given.retention?.logs_mib ?? DEFAULTS.logsMibMax,
      wip: given.retention?.wip ?? DEFAULTS.wipKeptSeconds,
      wip_mib: given.retention?.wip_mib ?? DEFAULTS.wipMibMax,
    },
    capabilities: given.capabilities ?? [],
    webhooks: given.webhooks ?? [],
    tracker: given.tracker ?? {},
    fleet: given.fleet ?? {},
  }
  const settings = describeSettings(values, [
    fileLayer(file),
    { source: 'environment', values: variables, from: (key) => VARIABLES[key] ?? null },
    { source: 'flag', values: flags, from: () => null },
  ])
  return freeze({ home, ...values, settings })
}

/** @throws SkeinError CONFIG_INVALID */
export function loadRepoConfig(root: string): RepoConfig {
  const place = path.join(root, '.skein.yml')
  const file = readConfigFile(place, '.skein.yml', repoFileSchema)
  const given = file?.value ?? {}
  const values = {
    repo: given.repo ?? null,
    default_branch: given.default_branch ?? null,
    plan_path: given.plan_path ?? DEFAULT_PLAN_PATH,
    case: given.case ?? 'fold',
    limits: {
      files: given.limits?.files ?? DEFAULTS.claimFilesMax,
      ratio: given.limits?.ratio ?? DEFAULTS.claimRatioMax,
      claims_per_agent: given.limits?.claims_per_agent ?? null,
      waits_per_agent: given.limits?.waits_per_agent ?? null,
      waits: given.limits?.waits ?? null,
    },
    ttl: {
      default: given.ttl?.default ?? DEFAULTS.ttlSeconds,
      shared: given.ttl?.shared ?? DEFAULTS.ttlSharedSeconds,
      task: given.ttl?.task ?? DEFAULTS.ttlTaskSeconds,
    },
    idle_release: given.idle_release ?? DEFAULTS.idleReleaseSeconds,
    shared: given.shared ?? [],
    protected: given.protected ?? [],
    depends_on: given.depends_on ?? [],
    owners: given.owners ?? {},
    hotspots: given.hotspots ?? {},
    commands: given.commands ?? {},
    fleet: given.fleet ?? {},
    release_on_landing: given.release_on_landing ?? true,
    edit_wait: {
      headless: given.edit_wait?.headless ?? DEFAULTS.waitSecondsMax,
      interactive: given.edit_wait?.interactive ?? 0,
    },
    offline: given.offline ?? 'provisional',
  }
  const settings = describeSettings(values, [fileLayer(file)])
  return freeze({ file: file === null ? null : place, ...values, settings })
}

/** Was a value set by somebody? A taken port is an error then, and else a reason to take another. */
export function isExplicit(config: Config | RepoConfig, key: string): boolean {
  return config.settings.some((setting) => setting.key === key && setting.source !== 'default')
}

/**
 * Enters a checkout under its repository in `config.yml`, keeping comments and order; nothing is written when it is there.
 * @throws SkeinError CONFIG_INVALID when the file is not valid: what cannot be read is not rewritten.
 */
export function addCheckout(home: string, repo: string, root: string): void {
  editConfig(home, (document, repos) => {
    const present = repos[repo] ?? []
    if (present.includes(root)) return false
    if (present.length > 0) document.addIn(['repos', repo], root)
    else document.setIn(['repos', repo], document.createNode([root]))
    return true
  })
}

/** Takes a checkout out of `config.yml`, and its repository with the last one. @throws SkeinError CONFIG_INVALID */
export function removeCheckout(home: string, repo: string, root: string): void {
  editConfig(home, (document, repos) => {
    const present = repos[repo] ?? []
    const index = present.indexOf(root)
    if (index < 0) return false
    document.deleteIn(present.length > 1 ? ['repos', repo, index] : ['repos', repo])
    return true
  })
}

const DEFAULT_PLAN_PATH = 'context'
export const DEFAULT_HTTP_PORT = 7452
const DEFAULT_MESH_PORT = 7451

const VARIABLES: Readonly<Record<string, string>> = {
  http_port: 'SKEIN_HTTP_PORT',
  listen: 'SKEIN_MESH_LISTEN',
}

function readVariables(env: ConfigInput['env']): ConfigOverrides {
  const port = env['SKEIN_HTTP_PORT']?.trim() ?? ''
  const listen = env['SKEIN_MESH_LISTEN']?.trim() ?? ''
  return {
    ...(port === '' ? {} : { http_port: readPort(port) }),
    ...(listen === '' ? {} : { listen: listen.split(',').map(readListen) }),
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (port <= PORT_MAX) return port
  throw wrongVariable('SKEIN_HTTP_PORT', text, `a port from 0 to ${String(PORT_MAX)}`)
}

function readListen(text: string): ListenAddress {
  const address = parseListenAddress(text.trim())
  if (address !== null) return address
  throw wrongVariable('SKEIN_MESH_LISTEN', text, 'host:port, as in 0.0.0.0:7451')
}

function wrongVariable(name: string, text: string, expected: string): SkeinError {
  return new SkeinError('CONFIG_INVALID', `${name}: expected ${expected}, got "${text}".`, {
    hint: `unset ${name}`,
    data: { variable: name },
  })
}

interface Layer {
  readonly source: ConfigSource
  readonly values: object
  readonly from: (key: string) => string | null
}

/** Keys whose own keys are settings; other values are shown whole. */
const GROUPS = new Set(['limits', 'ttl', 'owners', 'hotspots', 'commands', 'fleet'])

function describeSettings(values: object, layers: readonly Layer[]): readonly Setting[] {
  const flat = layers.map((layer) => ({ layer, values: flatten(layer.values) }))
  return [...flatten(values)].map(([key, value]) => {
    const layer = flat.findLast((each) => each.values.has(key))?.layer
    return {
      key,
      value: masked(value),
      source: layer?.source ?? 'default',
      from: layer?.from(key) ?? null,
    }
  })
}

const SECRET_KEYS: ReadonlySet<string> = new Set(['secret', 'token'])

/** Settings are shown to whoever asks; what signs and opens is not. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value) as [string, unknown][]
  return Object.fromEntries(
    entries.map(([key, each]) => [key, SECRET_KEYS.has(key) ? '(kept secret)' : masked(each)]),
  )
}

function flatten(values: object): ReadonlyMap<string, unknown> {
  const flat = new Map<string, unknown>()
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    const inner = GROUPS.has(key) && typeof value === 'object' && value !== null ? value : {}
    const entries = Object.entries(inner) as [string, unknown][]
    if (entries.length === 0) flat.set(key, value)
    for (const [name, each] of entries) flat.set(`${key}.${name}`, each)
  }
  return flat
}

function fileLayer(file: ConfigFile<object> | null): Layer {
  return {
    source: 'file',
    values: file?.value ?? {},
    from: (key) => file?.place(key.split('.')) ?? null,
  }
}

/** Edits the file as people wrote it; `edit` says whether it changed anything. */
function editConfig(
  home: string,
  edit: (document: Document, repos: Config['repos']) => boolean,
): void {
  const place = path.join(home, 'config.yml')
  const file = readConfigFile(place, 'config.yml', machineFileSchema)
  const document = file?.document ?? parseDocument('')
  if (!edit(document, file?.value.repos ?? {})) return
  // People keep dot files as links into a repository: the link stays, its target changes.
  const target = file === null ? place : realpathSync(place)
  replaceFile(target, document.toString({ lineWidth: 0 }))
}

/** Frozen all the way down: what was read once does not change under its readers. */
function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) freeze(inner)
  }
  return Object.freeze(value)
}
