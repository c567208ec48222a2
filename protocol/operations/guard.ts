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
      "Reads the hook's payload on stdin, and answers in the harness's own form: exit 0, or exit 2 with the reason on stderr. What nobody holds is claimed for the session of the payload; what another holds is refused, with who, what, until when, and what to do. The file that would be written decides, not the working directory. An edit of what another holds gets a place in the queue; where the run has nobody before it, the hook waits there for as long as --patience and .skein.yml allow. SKEIN_WAIT=defer parks such a run instead, =refuse keeps no place, =TIME says how long to wait. With SKEIN_BYPASS=REASON it only records what it would have refused.",
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
