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
    examples: ['skein cover src/auth/login.ts README.md'],
    details:
      "Asked before a commit and a push. Answered after a round with the leader, never from a stale replica. Exit 0: each is covered by a live claim of yours, or by nobody's. Exit 1: another holds one, or yours is not settled yet. Exit 2: no majority answered.",
  },
  fence: {
    summary: 'Show what the remote of a fenced push is to know of the ledger',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
    examples: ['skein fence --json'],
    details:
      "The ledger's position, and the live claims on paths by their fence: each is a token on the remote. From this machine's replica.",
  },
  landed: {
    summary: 'Release claims whose work has reached the default branch of the remote',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: null,
    arguments: [
      { field: 'ids', name: 'ID', help: 'ids of claims (clm_…)', many: true, required: true },
    ],
    flags: [],
    examples: ['skein landed clm_01J…'],
    details:
      'What a fenced push does when it lands. A claim stays while its files have changes in the checkout that are not committed, and where `.skein.yml` says `release_on_landing: false`.',
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
