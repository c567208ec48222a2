// What harnesses ask at their hooks.
import { HARNESSES } from '../harness.ts'
import type { OperationSpec } from './spec.ts'

export const GUARD_OPERATIONS = {
  guard: {
    summary: 'Judge what an agent is about to write, as its harness asks at a hook',
    class: 'agent',
    ofRepo: false,
    writes: true,
    tool: null,
    arguments: [],
    flags: [
      {
        flag: '--harness',
        field: 'harness',
        type: 'text',
        value: 'NAME',
        oneOf: HARNESSES,
        help: 'claude, codex or cursor: whose payload it is, and whose answer is printed',
      },
    ],
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
