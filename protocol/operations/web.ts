// The operation of the browser's board.
import { YES } from './flags.ts'
import type { OperationSpec } from './spec.ts'

export const WEB_OPERATIONS = {
  web: {
    summary: 'Open the board in the browser',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--revoke',
        field: 'revoke',
        type: 'switch',
        help: 'end every login instead; open pages show nothing new from then on',
      },
      YES,
    ],
  },
} as const satisfies Record<string, OperationSpec>
