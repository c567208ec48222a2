// The operations by which agents ask each other to give way.
import { URGENCIES } from './flags.ts'
import { SYMBOL } from './scope-words.ts'
import type { OperationSpec } from './spec.ts'

export const REQUEST_OPERATIONS = {
  request: {
    summary: 'Ask the holder of a claim to give way',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'request_release',
    arguments: [
      {
        field: 'claim',
        name: 'CLAIM',
        help: 'the claim (clm_…)',
        many: false,
        required: true,
        names: 'other-claim',
      },
    ],
    flags: [
      {
        flag: '--reason',
        field: 'reason',
        type: 'text',
        value: 'TEXT',
        help: 'why: shown to the holder',
      },
      {
        flag: '--urgency',
        field: 'urgency',
        type: 'text',
        value: 'LEVEL',
        oneOf: URGENCIES,
        help: 'low, normal, high or blocking',
      },
      {
        flag: '--scope',
        field: 'scope',
        type: 'text',
        value: 'PATTERN',
        names: 'file',
        help: 'what is really needed, when that is less; FILE:SYMBOL too',
      },
      {
        flag: '--wait',
        field: 'wait_s',
        type: 'duration',
        value: 'TIME',
        help: 'wait for the answer',
      },
    ],
  },
  respond: {
    summary: 'Answer a request against a claim of yours',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'respond_to_request',
    arguments: [
      {
        field: 'request',
        name: 'REQUEST',
        help: 'the request (req_…)',
        many: false,
        required: true,
        names: 'asked-request',
      },
      {
        field: 'decision',
        name: 'approve|deny|narrow|coexist',
        oneOf: ['approve', 'deny', 'narrow', 'coexist'],
        help: 'release it, keep it, keep less of it, or let the other in beside you',
        many: false,
        required: true,
      },
      {
        field: 'patterns',
        name: 'PATTERN',
        help: 'narrow: what you keep; coexist: what the other gets; FILE:SYMBOL too',
        many: true,
        required: false,
        isPath: true,
      },
    ],
    flags: [
      SYMBOL,
      { flag: '--note', field: 'note', type: 'text', value: 'TEXT', help: 'a word to the other' },
    ],
  },
  inbox: {
    summary: 'Show what others ask of this session, and what it waits for',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'pending_requests',
    arguments: [],
    flags: [
      {
        flag: '--of-session',
        field: 'of_session',
        type: 'text',
        value: 'SESSION',
        names: 'session',
        help: 'what is asked of another session; to look there is no sign of its life',
      },
    ],
  },
  requests: {
    summary: 'List requests and how they ended',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'my_requests',
    arguments: [
      {
        field: 'ids',
        name: 'ID',
        help: 'ids of requests (req_…)',
        many: true,
        required: false,
        names: 'request',
      },
    ],
    flags: [
      { flag: '--mine', field: 'mine', type: 'switch', help: 'filed by this session' },
      {
        flag: '--wait',
        field: 'wait_s',
        type: 'duration',
        value: 'TIME',
        help: 'wait until the named ones are answered',
      },
    ],
  },
} as const satisfies Readonly<Record<string, OperationSpec>>
