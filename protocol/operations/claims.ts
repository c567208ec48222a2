// The operations on claims.
import type { ArgumentSpec, FlagSpec, OperationSpec } from './spec.ts'

const IDS: ArgumentSpec = {
  field: 'ids',
  name: 'ID',
  help: 'ids of claims (clm_…)',
  many: true,
  required: false,
}

const PATTERNS: ArgumentSpec = {
  field: 'patterns',
  name: 'PATTERN',
  help: 'paths or globs: `src/auth`, `src/**/*.ts`, `{a,b}/[a-z]*`; a plain path covers what lies under it',
  many: true,
  required: false,
  isPath: true,
}

const SCOPE_FLAGS: readonly FlagSpec[] = [
  {
    flag: '--resource',
    field: 'resources',
    type: 'texts',
    value: 'NAME',
    help: 'a named resource: a port, a database, a device',
  },
  {
    flag: '--shared',
    field: 'shared',
    type: 'switch',
    help: 'several may hold it together; excludes exclusive claims',
  },
  {
    flag: '--module',
    field: 'module',
    type: 'switch',
    help: 'the patterns are whole modules, never narrowed by symbols',
  },
]

export const CLAIM_OPERATIONS = {
  claim: {
    summary: 'Claim files, globs, modules or resources, all or none',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'claim_files',
    arguments: [PATTERNS],
    flags: [
      ...SCOPE_FLAGS,
      {
        flag: '--no-narrow',
        field: 'no_narrow',
        type: 'switch',
        help: 'grant no symbol of these files to anybody else',
      },
      {
        flag: '--ttl',
        field: 'ttl_s',
        type: 'duration',
        value: 'TIME',
        help: 'how long at most (4h; shared 2h; at most 10d)',
      },
      {
        flag: '--description',
        field: 'description',
        type: 'text',
        value: 'TEXT',
        help: 'what for: shown to whoever is refused',
      },
      {
        flag: '--branch',
        field: 'branch',
        type: 'text',
        value: 'NAME',
        help: "the branch of the work (the checkout's)",
      },
      {
        flag: '--key',
        field: 'idempotency_key',
        type: 'text',
        value: 'KEY',
        help: 'the same key gives the same answer again',
      },
    ],
    examples: [
      "skein claim 'src/auth/**' --description 'rework login'",
      'skein claim README.md docs/ --ttl 30m',
      'skein claim --resource port-5432',
    ],
    details:
      'Exit 0: granted, with a fence. Exit 1: somebody else holds part of it; nothing is claimed, and the answer says who, what, until when, and what to do. Exit 2: no grant was confirmed; a person decides.',
  },
  check: {
    summary: 'Ask what a claim would answer, without claiming',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'check_conflicts',
    arguments: [PATTERNS],
    flags: SCOPE_FLAGS,
    examples: ['skein check src/auth/login.ts', "skein check 'src/**/*.test.ts' --json"],
    details:
      "Exit 0: safe. Exit 1: a claim would be refused. The same judgement as `claim`, from this machine's replica.",
  },
  claims: {
    summary: 'List live claims',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'list_claims',
    arguments: [],
    flags: [
      {
        flag: '--mine',
        field: 'mine',
        type: 'switch',
        help: 'of this session, and of its agent where its name was given',
      },
      {
        flag: '--of-agent',
        field: 'of_agent',
        type: 'text',
        value: 'AGENT',
        help: 'of this agent',
      },
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'SESSION',
        help: 'of this session',
      },
      {
        flag: '--all-repos',
        field: 'all_repos',
        type: 'switch',
        help: 'of every enrolled repository',
      },
      {
        flag: '--recent',
        field: 'recent',
        type: 'switch',
        help: 'also those that ended lately, and why',
      },
      {
        flag: '--limit',
        field: 'limit',
        type: 'integer',
        value: 'N',
        help: 'at most this many (10000)',
      },
    ],
    examples: ['skein claims', 'skein claims --mine --json', 'skein claims --recent'],
    details: "From this machine's replica; `as_of` says of when.",
  },
  renew: {
    summary: 'Give claims their full time again',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'renew_claims',
    arguments: [IDS],
    flags: [
      {
        flag: '--ttl',
        field: 'ttl_s',
        type: 'duration',
        value: 'TIME',
        help: "a new time from now (the claim's own)",
      },
    ],
    examples: ['skein renew', 'skein renew clm_01J… --ttl 1h'],
    details: 'Without ids: every claim of this session. Exit 6: a claim has ended; claim anew.',
  },
  narrow: {
    summary: 'Give up part of a claim, keeping its fence',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'narrow_claim',
    arguments: [
      { field: 'id', name: 'ID', help: 'the claim', many: false, required: true },
      { ...PATTERNS, help: 'what stays claimed; must lie inside the old pattern', required: true },
    ],
    flags: [],
    examples: ['skein narrow clm_01J… src/auth/login.ts'],
    details: 'Several patterns split the claim; the parts share its fence.',
  },
  release: {
    summary: 'Give claims back',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'release_claims',
    arguments: [IDS],
    flags: [
      { flag: '--mine', field: 'mine', type: 'switch', help: 'everything this session holds' },
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'SESSION',
        help: 'everything that a session holds',
      },
      {
        flag: '--of-agent',
        field: 'of_agent',
        type: 'text',
        value: 'AGENT',
        help: 'everything that an agent holds',
      },
      {
        flag: '--force',
        field: 'force',
        type: 'switch',
        help: "end another's claim; a person's act, needs --reason",
      },
      {
        flag: '--reason',
        field: 'reason',
        type: 'text',
        value: 'TEXT',
        help: 'why, told to the holder and kept in the record',
      },
      {
        flag: '--yes',
        field: 'yes',
        type: 'switch',
        help: 'do not ask (only with `trust_scripts: true`)',
      },
    ],
    examples: [
      'skein release clm_01J…',
      'skein release --mine',
      "skein release clm_01J… --force --reason 'agent crashed'",
    ],
    details: 'Exit 7: another session holds it. Releasing what has ended already is no error.',
  },
  verify: {
    summary: 'Is it still mine? Answered by the leader, never from a stale replica',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'verify_claims',
    arguments: [IDS],
    flags: [],
    examples: ['skein verify', 'skein verify clm_01J… && git push'],
    details: 'Without ids: every claim of this session. Exit 0: all live. Exit 4: one is not.',
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
