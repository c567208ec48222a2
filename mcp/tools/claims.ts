// Tools on claims: ask, claim, keep, give back, and look. Patterns are read from the root of the repository.
import { z } from 'zod'
import { OUTPUTS, SkeinError } from '../../protocol/index.ts'
import {
  renderCheck,
  renderClaim,
  renderClaims,
  renderKept,
  renderRelease,
  renderVerify,
  renderWhy,
} from '../render.ts'
import { defineTool, type Tool } from '../tool.ts'
import {
  claimIds,
  ENGINEER,
  GIVE_UP,
  hours,
  identity,
  name,
  names,
  pattern,
  patterns,
  place,
  READ,
  symbols,
  text,
  urgency,
  waitSeconds,
  WRITE,
} from './arguments.ts'

/** Claims listed when nobody says how many: models are shown them as JSON, about 150 tokens each. */
const LISTED = 25
const LISTED_MAX = 10_000

const scopes = {
  patterns: patterns
    .optional()
    .describe('paths or globs from the repo root; a folder covers its content'),
  symbols: symbols
    .optional()
    .describe('only these declarations: {"src/a.ts":["Class::method"]}; other ones stay free'),
  shared_files: patterns.optional().describe('paths that others may share'),
  modules: patterns.optional().describe('whole folders, never split'),
  resources: names.optional().describe('e.g. port-5432'),
  task: name.optional().describe('a task with its files'),
}

export const CLAIM_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'list_claims',
    operation: 'claims',
    description: 'List who holds what now. Filters: agent, module (part of a pattern), mine.',
    annotations: READ,
    args: z.strictObject({
      agent: name.optional().describe("only this agent's"),
      module: name.optional(),
      mine: z.boolean().optional(),
      all_repos: z.boolean().optional(),
      active_only: z.boolean().optional().describe('false adds those that ended lately'),
      limit: z.int().min(1).max(LISTED_MAX).optional().describe('default 25'),
      ...place,
    }),
    aliases: { ...ENGINEER, of_agent: 'agent' },
    result: OUTPUTS.claims,
    toInput: ({ agent, module, active_only, limit, ...rest }) => ({
      ...rest,
      of_agent: agent,
      recent: active_only === false ? true : undefined,
      // A filter that the operation does not know needs all of them.
      limit: module === undefined ? (limit ?? LISTED) : LISTED_MAX,
    }),
    select: (result, { module, limit }) =>
      module === undefined ? result : selectModule(result, module, limit ?? LISTED),
    render: renderClaims,
  }),
  defineTool({
    name: 'check_conflicts',
    operation: 'check',
    description: 'Ask whether claim_files would be granted, without claiming.',
    annotations: READ,
    args: z.strictObject({ ...scopes, ...identity }),
    aliases: { ...ENGINEER, files: 'patterns' },
    result: OUTPUTS.check,
    toInput: ({ patterns, symbols, shared_files, modules, resources, task, ...rest }) => ({
      ...rest,
      scopes: scopesOf({ patterns, symbols, shared_files, modules, resources, task }),
    }),
    render: renderCheck,
  }),
  defineTool({
    name: 'claim_files',
    operation: 'claim',
    description:
      'Claim files before you edit them, all or none; with `symbols` only parts of files, so that others can work on the rest. status "granted": edit. "refused": others hold part of it, nothing was claimed; do not edit, see conflicts.',
    annotations: WRITE,
    args: z.strictObject({
      ...scopes,
      description: text.optional().describe('what for; shown to those refused'),
      branch: name.optional(),
      ttl_hours: hours.optional().describe('default 4'),
      narrowable: z.boolean().optional().describe('false: grant no part of it to others'),
      wait_seconds: waitSeconds.optional().describe('queue for it; "queued": call again'),
      urgency: urgency.optional(),
      provisional: z
        .boolean()
        .optional()
        .describe('without a majority: note it, settled later; do not push meanwhile'),
      idempotency_key: name.optional().describe('same key, same answer'),
      ...identity,
    }),
    aliases: { ...ENGINEER, files: 'patterns' },
    result: OUTPUTS.claim,
    toInput: ({
      patterns,
      symbols,
      shared_files,
      modules,
      resources,
      task,
      ttl_hours,
      wait_seconds,
      ...rest
    }) => ({
      ...rest,
      scopes: scopesOf({ patterns, symbols, shared_files, modules, resources, task }),
      ttl_s: secondsOf(ttl_hours),
      wait_s: wait_seconds,
    }),
    render: renderClaim,
  }),
  defineTool({
    name: 'renew_claims',
    operation: 'renew',
    description: 'Give claims their full time again; without claim_ids all of this session.',
    annotations: { ...WRITE, idempotentHint: true },
    args: z.strictObject({
      claim_ids: claimIds.optional(),
      ttl_hours: hours.optional(),
      ...identity,
    }),
    aliases: { ...ENGINEER, ids: 'claim_ids' },
    result: OUTPUTS.renew,
    toInput: ({ claim_ids, ttl_hours, ...rest }) => ({
      ...rest,
      ids: claim_ids,
      ttl_s: secondsOf(ttl_hours),
    }),
    render: ({ claims }) => renderKept('RENEWED', claims),
  }),
  defineTool({
    name: 'narrow_claim',
    operation: 'narrow',
    description: 'Keep only these patterns or symbols of a claim and give up the rest; same fence.',
    annotations: GIVE_UP,
    args: z.strictObject({
      claim_id: name,
      patterns: patterns.optional(),
      symbols: symbols.optional().describe('{file: [symbol]}'),
      ...identity,
    }),
    aliases: { ...ENGINEER, id: 'claim_id' },
    result: OUTPUTS.narrow,
    toInput: ({ claim_id, ...rest }) => ({ ...rest, id: claim_id }),
    render: ({ claims }) => renderKept('NARROWED', claims),
  }),
  defineTool({
    name: 'release_claims',
    operation: 'release',
    description: 'Give claims back as soon as their work is done.',
    annotations: GIVE_UP,
    args: z.strictObject({ claim_ids: claimIds.min(1), ...identity }),
    aliases: { ...ENGINEER, ids: 'claim_ids' },
    result: OUTPUTS.release,
    toInput: ({ claim_ids, ...rest }) => ({ ...rest, ids: claim_ids }),
    render: renderRelease,
  }),
  defineTool({
    name: 'release_session',
    operation: 'release',
    description:
      'Give back everything that a session holds (default: yours). Call it when all is done.',
    annotations: GIVE_UP,
    args: z.strictObject({ session_id: name.optional(), ...identity }),
    aliases: ENGINEER,
    result: OUTPUTS.release,
    toInput: ({ session_id, ...rest }) => ({
      ...rest,
      ...(session_id === undefined ? { this_session: true } : { of_session: session_id }),
    }),
    render: renderRelease,
  }),
  defineTool({
    name: 'verify_claims',
    operation: 'verify',
    description:
      'Are your claims still live? The leader answers. Call it before a push or a merge; without claim_ids all of this session.',
    annotations: READ,
    args: z.strictObject({ claim_ids: claimIds.optional(), ...identity }),
    aliases: { ...ENGINEER, ids: 'claim_ids' },
    result: OUTPUTS.verify,
    toInput: ({ claim_ids, ...rest }) => ({ ...rest, ids: claim_ids }),
    render: renderVerify,
  }),
  defineTool({
    name: 'why',
    operation: 'why',
    description: 'Tell who holds a path now and what led there: grants, refusals, releases.',
    annotations: READ,
    args: z.strictObject({
      pattern: pattern.describe('path, glob, FILE:SYMBOL or claim id'),
      limit: z.int().min(1).max(500).optional(),
      ...place,
    }),
    aliases: { path: 'pattern' },
    result: OUTPUTS.why,
    toInput: (args) => args,
    render: renderWhy,
  }),
]

interface ScopeArguments {
  readonly patterns: readonly string[] | undefined
  readonly symbols: Readonly<Record<string, readonly string[]>> | undefined
  readonly shared_files: readonly string[] | undefined
  readonly modules: readonly string[] | undefined
  readonly resources: readonly string[] | undefined
  readonly task: string | undefined
}

/** A file that stands in two lists is meant by its symbols, as with coord. */
function scopesOf(given: ScopeArguments): unknown[] {
  const { patterns, symbols, shared_files, modules, resources, task } = given
  const named = Object.entries(symbols ?? {})
  const parted = new Set(named.map(([file]) => plain(file)))
  const whole = (files: readonly string[] = []): readonly string[] =>
    files.filter((file) => !parted.has(plain(file)))
  const shared = new Set(shared_files?.map(plain))
  const all = [
    ...whole(patterns).map((pattern) => ({ kind: 'file', pattern })),
    ...whole(shared_files).map((pattern) => ({ kind: 'file', pattern, mode: 'shared' })),
    ...named.map(([pattern, names]) => ({
      kind: 'symbol',
      pattern,
      symbols: names,
      ...(shared.has(plain(pattern)) ? { mode: 'shared' } : {}),
    })),
    ...(modules ?? []).map((pattern) => ({ kind: 'module', pattern })),
    ...(resources ?? []).map((pattern) => ({ kind: 'resource', pattern })),
    ...(task === undefined ? [] : [{ kind: 'task', pattern: task }]),
  ]
  if (all.length > 0) return all
  throw new SkeinError(
    'INPUT_SCHEMA',
    'Nothing is named: pass `patterns` (or `symbols`, `shared_files`, `modules`, `resources`).',
  )
}

function plain(file: string): string {
  return file.replace(/^(?:\.?\/)+/, '')
}

function secondsOf(hours: number | undefined): number | undefined {
  return hours === undefined ? undefined : Math.max(1, Math.round(hours * 3600))
}

type Listed = z.infer<typeof OUTPUTS.claims>

/** Coord's filter: a part of the pattern's text. */
function selectModule(result: Listed, module: string, limit: number): Listed {
  const matching = result.claims.filter(({ pattern }) => pattern.includes(module))
  const claims = matching.slice(0, limit)
  return { ...result, claims, more: matching.length - claims.length + result.more }
}
