// The operations about webhooks: where this machine's events go, and how far they have come.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const NAME: ArgumentSpec = {
  field: 'name',
  name: 'NAME',
  help: 'as `skein webhooks list` shows it',
  many: false,
  required: true,
  names: 'webhook',
}

export const WEBHOOK_OPERATIONS = {
  'webhooks/list': {
    summary: 'Show where events are sent, and how far that has come',
    class: 'agent',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [],
    flags: [],
  },
  'webhooks/test': {
    summary: 'Send a webhook an event that is none',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
  },
  'webhooks/retry': {
    summary: 'Send at once what a webhook did not take',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
  },
  'webhooks/purge': {
    summary: 'Forget what a webhook did not take',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
  },
} as const satisfies Record<string, OperationSpec>
