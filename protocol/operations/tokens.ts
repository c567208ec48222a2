// The operations about tokens beside the home's own.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const NAME: ArgumentSpec = {
  field: 'name',
  name: 'NAME',
  help: 'what the token is called',
  many: false,
  required: true,
}
/** Of a token that there is. */
const KNOWN: ArgumentSpec = { ...NAME, names: 'token' }

export const TOKEN_OPERATIONS = {
  'tokens/create': {
    summary: 'Make a token for a program that speaks HTTP',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [
      {
        flag: '--acts-as',
        field: 'acts_as',
        type: 'text',
        value: 'AGENT',
        names: 'agent',
        help: "its bearer is this agent, and no other (the token's name)",
      },
      {
        flag: '--only',
        field: 'repos',
        type: 'texts',
        value: 'REPO',
        names: 'repository',
        help: 'only of this repository; may be repeated',
      },
      {
        flag: '--ttl',
        field: 'ttl_s',
        type: 'duration',
        value: 'TIME',
        help: 'how long it lives (90d)',
      },
      YES,
    ],
  },
  'tokens/list': {
    summary: 'Show the tokens, what they may and when they were used',
    class: 'agent',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
  },
  'tokens/rotate': {
    summary: 'Give a token a new text',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [KNOWN],
    flags: [
      {
        flag: '--grace',
        field: 'grace_s',
        type: 'duration',
        value: 'TIME',
        help: 'how long the old text is taken, too (24h)',
      },
      YES,
    ],
  },
  'tokens/revoke': {
    summary: 'End a token at once',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [KNOWN],
    flags: [YES],
  },
} as const satisfies Record<string, OperationSpec>
