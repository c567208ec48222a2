// The operation that claims a symbol with all its uses.
import { BRANCH, DESCRIPTION, URGENCY, WAIT } from './flags.ts'
import type { OperationSpec } from './spec.ts'

export const REFACTOR_OPERATIONS = {
  refactor: {
    summary: 'Claim a symbol with everything that uses it, all or none',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'claim_refactor',
    arguments: [
      {
        field: 'file',
        name: 'FILE',
        help: 'the file that declares it; `FILE:SYMBOL` names both',
        many: false,
        required: true,
        names: 'file',
      },
      {
        field: 'symbol',
        name: 'SYMBOL',
        help: 'the declaration, as the file nests it: `Class::method`',
        many: false,
        required: false,
      },
    ],
    flags: [
      {
        flag: '--to',
        field: 'to',
        type: 'text',
        value: 'NAME',
        help: 'its new name, which is claimed beside the old one',
      },
      {
        flag: '--dry-run',
        field: 'dry_run',
        type: 'switch',
        help: 'show what would be claimed, and who is in the way; claim nothing',
      },
      {
        flag: '--ttl',
        field: 'ttl_s',
        type: 'duration',
        value: 'TIME',
        help: 'how long at most (4h; at most 10d)',
      },
      DESCRIPTION,
      BRANCH,
      WAIT,
      URGENCY,
    ],
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
