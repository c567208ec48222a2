// What harnesses ask at their hooks.
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
        help: 'claude, codex or cursor: whose payload it is, and whose answer is printed',
      },
    ],
    examples: ['skein guard --harness claude < payload.json'],
    details:
      "Reads the hook's payload on stdin, and answers in the harness's own form: exit 0, or exit 2 with the reason on stderr. What nobody holds is claimed for the session of the payload; what another holds is refused, with who, what, until when, and what to do. The file that would be written decides, not the working directory. With SKEIN_BYPASS=REASON it only records what it would have refused.",
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
