// The operations that set up and explain.
import type { OperationSpec } from './spec.ts'

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
