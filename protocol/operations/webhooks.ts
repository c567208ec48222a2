// The operations about webhooks: where this machine's events go, and how far they have come.
import { YES } from './flags.ts'
import type { ArgumentSpec, OperationSpec } from './spec.ts'

const NAME: ArgumentSpec = {
  field: 'name',
  name: 'NAME',
  help: 'as `skein webhooks list` shows it',
  many: false,
  required: true,
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
    examples: ['skein webhooks list', 'skein webhooks list --json'],
    details:
      'The addresses stand in config.yml under `webhooks`. Each gets the events of a ledger in their order and at least once: one that is not taken is sent again, with pauses of up to 10 minutes, and given up after 24 hours.',
  },
  'webhooks/test': {
    summary: 'Send a webhook an event that is none',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
    examples: ['skein webhooks test hooks.example.org'],
    details: 'Exit 0 when it was taken: an answer between 200 and 299 within 10 seconds.',
  },
  'webhooks/retry': {
    summary: 'Send at once what a webhook did not take',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
    examples: ['skein webhooks retry hooks.example.org'],
    details: 'Ends the pause, and sends anew what was given up, oldest first.',
  },
  'webhooks/purge': {
    summary: 'Forget what a webhook did not take',
    class: 'person',
    ofRepo: false,
    writes: false,
    tool: null,
    arguments: [NAME],
    flags: [YES],
    examples: ['skein webhooks purge hooks.example.org'],
    details: 'Events from now on are sent. The audit log keeps all of them.',
  },
} as const satisfies Record<string, OperationSpec>
