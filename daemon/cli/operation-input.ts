// The fields of a command line into the input of its operation: who asks, from where, and about what.
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DEFAULTS, SkeinError, type OperationName } from '../../protocol/index.ts'
import { identifyCaller, type Caller } from '../client/caller.ts'
import { usage, type Command } from './arguments.ts'
import type { Io } from './io.ts'
import {
  escapeSigns,
  findWhereabouts,
  fromRoot,
  unescapeSigns,
  type Whereabouts,
} from './patterns.ts'
import { readTyped, type Typed } from './symbols.ts'

export type OperationInput = Readonly<Record<string, unknown>>

/** @throws SkeinError INPUT_USAGE, INPUT_PATTERN */
export function buildInput(name: OperationName, command: Command, io: Io): OperationInput {
  const fields = SHAPERS[name]?.(command, placer(command, io), io) ?? ownFields(command)
  return { ...callerFields(command, io), ...fields }
}

/** Who calls, as every operation takes it. */
export function callerFields(command: Command, io: Io): OperationInput {
  return fieldsOfCaller(whoCalls(command, io), command, io)
}

/** @param hookSession of a hook's payload */
export function whoCalls({ fields }: Command, io: Io, hookSession?: string): Caller {
  const [agent, session] = [text(fields['agent']), text(fields['session'])]
  return identifyCaller({ agent, session, hookSession, env: io.env })
}

export function fieldsOfCaller(caller: Caller, { fields }: Command, io: Io): OperationInput {
  return {
    ...(io.cwd === null ? {} : { cwd: io.cwd }),
    ...(fields['repo'] === undefined ? {} : { repo: fields['repo'] }),
    ...(caller.agent === null ? {} : { agent: caller.agent }),
    session: caller.session,
    caller: {
      user: caller.user,
      tool: caller.tool,
      ...(caller.process ?? {}),
      terminal: io.canAsk,
    },
  }
}

type Place = (pattern: string) => string
type Shaper = (command: Command, place: Place, io: Io) => OperationInput

const SHAPERS: Readonly<Partial<Record<OperationName, Shaper>>> = {
  claim: (command, place, io) => {
    const { scopes, no_narrow: noNarrow, ...rest } = scopesOf(command, place, io)
    return { ...rest, scopes, ...(noNarrow === true ? { narrowable: false } : {}) }
  },
  check: scopesOf,
  narrow: (command, place, io) => {
    const { patterns, symbols, ...fields } = ownFields(command)
    const words = { patterns: texts(patterns), symbols: texts(symbols), isSubject: true }
    const kept = readTyped(words, command, place, folderOf(command, io))
    if (words.patterns.length + words.symbols.length === 0) {
      throw usage('Say what stays: PATTERN… or --symbol FILE:NAME', command.verb)
    }
    return { ...requireIds(fields, command), ...typedFields(kept) }
  },
  cancel: byIds,
  workers: byIds,
  log: byIds,
  stop: byIds,
  review: byIds,
  pr: byIds,
  merge: byIds,
  trust: byIds,
  test: (command, _, io) => {
    const { output, ...fields } = requireIds(ownFields(command), command)
    const { fail, passed, reason } = fields
    if (fail === true && passed === true) throw usage('Say one: --passed or --fail', command.verb)
    if (fail === true && reason === undefined)
      throw usage('--fail needs --reason TEXT: what is wrong', command.verb)
    if (output === undefined) return fields
    const said = readText(path.resolve(requireCwd(io), text(output) ?? '')).trim()
    return {
      ...fields,
      reason: `${(text(reason) ?? '').slice(0, OUTPUT_REASON)} | ${said.slice(-OUTPUT_CHARACTERS)}`,
    }
  },
  wait: (command) => ({
    wait_s: DEFAULTS.parkedWaitSeconds,
    ...requireIds(ownFields(command), command),
  }),
  request: (command, place) => {
    const fields = requireIds(ownFields(command), command)
    const reason = text(fields['reason']) ?? ''
    if (reason === '') {
      throw usage('Say why, with --reason TEXT: the holder is shown it', command.verb)
    }
    const scope = text(fields['scope'])
    return scope === undefined ? fields : { ...fields, scope: place(scope) }
  },
  respond: (command, place, io) => {
    const { patterns, symbols, ...fields } = requireIds(ownFields(command), command)
    const words = { patterns: texts(patterns), symbols: texts(symbols), isSubject: true }
    return { ...fields, ...typedFields(readTyped(words, command, place, folderOf(command, io))) }
  },
  cover: (command, place) => {
    const { paths, ...fields } = ownFields(command)
    // A path stands for itself: the signs in its name are no glob.
    return { ...fields, paths: texts(paths).map((path) => unescapeSigns(place(escapeSigns(path)))) }
  },
  refactor: (command, place, io) => {
    const { file, symbol, ...fields } = ownFields(command)
    if (symbol !== undefined)
      return { ...fields, file: unescapeSigns(place(escapeSigns(text(file) ?? ''))), symbol }
    const words = { patterns: texts(file), symbols: [], isSubject: true }
    const [pair] = Object.entries(readTyped(words, command, place, folderOf(command, io)).symbols)
    const [name] = pair?.[1] ?? []
    if (pair === undefined || name === undefined)
      throw usage('Say which declaration: FILE SYMBOL, or FILE:SYMBOL', command.verb)
    return { ...fields, file: unescapeSigns(pair[0]), symbol: name }
  },
  landed: (command) => requireIds(ownFields(command), command),
  requests: (command) => requireIds(ownFields(command), command),
  renew: (command) => requireIds(ownFields(command), command),
  verify: (command) => requireIds(ownFields(command), command),
  release: (command) => {
    const fields = requireIds(ownFields(command), command)
    const { ids, mine, of_session: session, of_agent: agent, force, reason } = fields
    if ([ids, mine, session, agent].every((field) => field === undefined)) {
      throw usage('Say what to release: ids, --mine, --of-session or --of-agent', command.verb)
    }
    if (force === true && reason === undefined) {
      throw usage('--force needs --reason TEXT: the holder is told why', command.verb)
    }
    return fields
  },
  promote: patternOf,
  demote: patternOf,
  'owners/set': (command, _, io) => {
    const { policy, ...fields } = ownFields(command)
    return { ...fields, text: readText(path.resolve(requireCwd(io), text(policy) ?? '')) }
  },
  'task/expire': (command) => {
    const fields = ownFields(command)
    const { task, of_session: session, of_agent: agent } = fields
    if ([task, session, agent].some((field) => field !== undefined)) return fields
    throw usage('Say whose task: its ID, --of-session or --of-agent', command.verb)
  },
  'wip/drop': (command) => {
    const fields = requireIds(ownFields(command), command)
    if (fields['ids'] !== undefined || fields['older_s'] !== undefined) return fields
    throw usage('Say what to give up: ids, or --older TIME', command.verb)
  },
  why: (command, place) => {
    const fields = ownFields(command)
    const pattern = text(fields['pattern']) ?? ''
    return { ...fields, pattern: ID.test(pattern) ? pattern : place(pattern) }
  },
}

function patternOf(command: Command, place: Place): OperationInput {
  const fields = ownFields(command)
  return { ...fields, pattern: place(text(fields['pattern']) ?? '') }
}

/** A file that a person names, as text; what it may say is the daemon's to judge. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new SkeinError('NOT_FOUND', `${file} cannot be read.`, { hint: 'ls' })
  }
}

function byIds(command: Command): OperationInput {
  return requireIds(ownFields(command), command)
}

/** The input's fields without those that every command takes. */
function ownFields({ verb, fields }: Command): OperationInput {
  const own = new Set([...verb.flags, ...verb.arguments].map(({ field }) => field))
  return Object.fromEntries(Object.entries(fields).filter(([field]) => own.has(field)))
}

function scopesOf(command: Command, place: Place, io: Io): OperationInput {
  const { patterns, symbols, resources, task, shared, module, ...rest } = ownFields(command)
  const words = { patterns: texts(patterns), symbols: texts(symbols) }
  const typed = readTyped(words, command, place, folderOf(command, io))
  if (module === true && typed.whole.length < words.patterns.length) {
    throw usage('A module is never split into symbols: leave out --module', command.verb)
  }
  const mode = shared === true ? 'shared' : 'exclusive'
  const kind = module === true ? 'module' : 'file'
  const scopes = [
    ...typed.whole.map((pattern) => ({ kind, pattern, mode })),
    ...Object.entries(typed.symbols).map(([pattern, names]) => {
      return { kind: 'symbol', pattern, symbols: names, mode }
    }),
    ...texts(resources).map((pattern) => ({ kind: 'resource', pattern, mode })),
    ...texts(task).map((pattern) => ({ kind: 'task', pattern })),
  ]
  if (scopes.length === 0) {
    throw usage(
      `Say what to ${command.verb.name}: a PATTERN, --resource NAME or --task ID`,
      command.verb,
    )
  }
  return { ...rest, scopes }
}

function typedFields({ whole, symbols }: Typed): OperationInput {
  return {
    ...(whole.length === 0 ? {} : { patterns: whole }),
    ...(Object.keys(symbols).length === 0 ? {} : { symbols }),
  }
}

/** Where files are looked for; with `--repo` another checkout may be meant. */
function folderOf({ fields }: Command, io: Io): string | null {
  return fields['repo'] === undefined ? io.cwd : null
}

interface IdKind {
  readonly prefixes: readonly string[]
  readonly of: string
  readonly hint: string
}

const CLAIM_ID: IdKind = { prefixes: ['clm_'], of: 'a claim', hint: 'skein claims' }
const WIP_ID: IdKind = { prefixes: ['wip_'], of: 'kept work', hint: 'skein wip' }
const REQUEST_ID: IdKind = { prefixes: ['req_'], of: 'a request', hint: 'skein requests' }

const PLACE_ID: IdKind = { prefixes: ['que_'], of: 'a place in the queue', hint: 'skein queue' }

const WORKER_ID: IdKind = { prefixes: ['asg_'], of: 'a worker', hint: 'skein workers' }

/** What a verdict has room for, beside its reason. */
const OUTPUT_CHARACTERS = 300
const OUTPUT_REASON = 190

/** Where ids are not those of claims, or their list is a shorter one. */
const ID_KINDS: Readonly<Partial<Record<string, IdKind>>> = {
  release: { ...CLAIM_ID, hint: 'skein claims --mine' },
  cancel: { ...PLACE_ID, hint: 'skein queue --mine' },
  wait: {
    prefixes: ['que_', 'asg_'],
    of: 'a place or a worker',
    hint: 'skein queue',
  },
  workers: WORKER_ID,
  log: WORKER_ID,
  stop: WORKER_ID,
  test: WORKER_ID,
  review: WORKER_ID,
  pr: WORKER_ID,
  merge: WORKER_ID,
  trust: WORKER_ID,
  respond: { ...REQUEST_ID, hint: 'skein inbox' },
  requests: REQUEST_ID,
  'wip drop': WIP_ID,
}

/** Paths are typed where ids are meant; the daemon would call that a schema's fault. */
function requireIds(fields: OperationInput, { verb }: Command): OperationInput {
  const { prefixes, of, hint } = ID_KINDS[verb.name] ?? CLAIM_ID
  const ids = ['ids', 'id', 'claim', 'request'].flatMap((field) => texts(fields[field]))
  const wrong = ids.find((id) => !prefixes.some((prefix) => id.startsWith(prefix)))
  if (wrong === undefined) return fields
  const told = prefixes.map((prefix) => `${prefix}…`).join(', ')
  throw new SkeinError('INPUT_USAGE', `\`${wrong}\` is not the id of ${of} (${told}).`, { hint })
}

/** Of a claim, a place, a request, an event or kept work: no path. */
const ID = /^(?:clm|que|req|evt|wip|asg)_/

/** With `--repo` another repository may be meant, of which the working directory says nothing. */
function placer({ fields }: Command, io: Io): Place {
  let here: Whereabouts | undefined
  return (pattern) => {
    if (fields['repo'] !== undefined && !pattern.startsWith('/')) return pattern
    here ??= findWhereabouts(requireCwd(io))
    return fromRoot(pattern, here)
  }
}

export function requireCwd(io: Io): string {
  if (io.cwd !== null) return io.cwd
  throw new SkeinError('REPO_NOT_GIT', 'The working directory is gone.', {
    hint: `cd ${os.homedir()}`,
  })
}

function text(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined
}

function texts(field: unknown): readonly string[] {
  if (typeof field === 'string') return [field]
  return Array.isArray(field) ? field.filter((each) => typeof each === 'string') : []
}
