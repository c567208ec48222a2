// The operations that set up and explain.
import type { FlagSpec, OperationSpec } from './spec.ts'

const EVENT_FLAGS: readonly FlagSpec[] = [
  {
    flag: '--since',
    field: 'since',
    type: 'text',
    value: 'WHEN',
    help: 'from then on: 15m, 4h, a time, or behind an event (evt_…)',
  },
  { flag: '--until', field: 'until', type: 'text', value: 'WHEN', help: 'before then' },
  {
    flag: '--kind',
    field: 'kinds',
    type: 'texts',
    value: 'KIND',
    help: 'only these: claim.granted, or all of a family, claim.*',
  },
  { flag: '--of-agent', field: 'of_agent', type: 'text', value: 'AGENT', help: 'caused by it' },
  {
    flag: '--about',
    field: 'about',
    type: 'text',
    value: 'ID',
    help: 'that name this claim, place, request, session or agent',
  },
  {
    flag: '--all-repos',
    field: 'all_repos',
    type: 'switch',
    help: 'of every enrolled repository',
  },
  { flag: '--limit', field: 'limit', type: 'integer', value: 'N', help: 'at most this many (50)' },
]

export const INSIGHT_OPERATIONS = {
  why: {
    summary: 'Tell what happened around a path, from the audit log',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'why',
    arguments: [
      {
        field: 'pattern',
        name: 'PATH',
        help: 'a path, a glob, FILE:SYMBOL, or the id of a claim',
        many: false,
        required: true,
        isPath: true,
      },
    ],
    flags: [
      {
        flag: '--limit',
        field: 'limit',
        type: 'integer',
        value: 'N',
        help: 'events at most, newest first (20)',
      },
    ],
    examples: [
      'skein why src/auth/login.ts',
      'skein why src/router.ts:Router::handle',
      'skein why clm_01J…',
    ],
    details: 'Who holds it now, and which grants, refusals, releases and expiries led there.',
  },
  events: {
    summary: 'Show what happened, or follow it as it happens',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: EVENT_FLAGS,
    examples: [
      'skein events',
      'skein events --follow',
      "skein events --since 2h --kind 'claim.*' --kind queue.joined",
      'skein events --about clm_01J… --json',
    ],
    details:
      'Without --since: the last ones. Every event is in the audit log, whose hashes `audit verify` checks. With --follow and --json: one JSON object a line, and after a break it goes on behind the last one. As a stream over HTTP: GET /v1/events.',
  },
  status: {
    summary: 'Show the daemon, its repositories and their leaders',
    class: 'agent',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
    examples: ['skein status', 'skein status --json'],
    details: 'Exit 0 when every enrolled repository that this machine decides alone is ready.',
  },
  enrol: {
    summary: "Enrol this checkout's repository without writing to it",
    class: 'agent',
    ofRepo: false,
    writes: true,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--as',
        field: 'as',
        type: 'text',
        value: 'ID',
        help: "the repository's id (owner/name of origin)",
      },
    ],
    examples: ['skein enrol', 'skein enrol --as team/project'],
    details:
      'A tracked `.skein.yml` does the same on first use for everybody; `skein init` writes it.',
  },
  recover: {
    summary: 'Begin a lost or damaged ledger anew, one generation higher',
    class: 'person',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--accept-loss',
        field: 'accept_loss',
        type: 'switch',
        help: 'yes, what the ledger held is lost',
      },
      {
        flag: '--yes',
        field: 'yes',
        type: 'switch',
        help: 'do not ask (only with `trust_scripts: true`)',
      },
    ],
    examples: ['skein recover --accept-loss'],
    details:
      'Only for a ledger that is not served. Its claims are lost, its log is kept aside, and fences go on rising. A backup of the log is the better way.',
  },
  config: {
    summary: 'Show the effective configuration and where each value comes from',
    class: 'agent',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
    examples: ['skein config', 'skein config validate'],
    details: 'Defaults, then files, then the environment, then flags.',
  },
  'audit/export': {
    summary: 'Print the audit log as it is, a line for each event',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--since',
        field: 'since',
        type: 'text',
        value: 'WHEN',
        help: 'from then on: 15m, 4h, a time, or behind an event (evt_…)',
      },
    ],
    examples: ['skein audit export > audit.ndjson', 'skein audit verify audit.ndjson'],
    details:
      'The bytes of the log, so that its hashes can be checked elsewhere. Over HTTP in pages: `next` is the `since` of the following one.',
  },
  'audit/verify': {
    summary: "Check the audit log's hash chain",
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
    examples: ['skein audit verify'],
    details: 'Exit 0: whole. Exit 4: broken, with the place of the first break.',
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
