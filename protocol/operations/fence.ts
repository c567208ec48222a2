// The operations of the fenced push: what of a push is covered by which claim, and what the remote is to know of the ledger.
import type { OperationSpec } from './spec.ts'

export const FENCE_OPERATIONS = {
  cover: {
    summary: "Ask which claims cover changed files: yours, nobody's, or another's",
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [
      {
        field: 'paths',
        name: 'PATH',
        help: 'changed files, each by its own name',
        many: true,
        required: true,
        isPath: true,
      },
    ],
    flags: [],
  },
  fence: {
    summary: 'Show what the remote of a fenced push is to know of the ledger',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
  },
  landed: {
    summary: 'Release claims whose work has reached the default branch of the remote',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [
      {
        field: 'ids',
        name: 'ID',
        help: 'ids of claims (clm_…)',
        many: true,
        required: true,
        names: 'own-claim',
      },
    ],
    flags: [],
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
