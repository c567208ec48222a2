// The operations of workers themselves: their way back to whoever gave them their task. Only the session of an assignment of this
// machine may call them, and only for that.
import type { OperationSpec } from './spec.ts'

export const CONFIDENCES = ['high', 'medium', 'low'] as const
export type Confidence = (typeof CONFIDENCES)[number]

export const WORKER_OPERATIONS = {
  'report-status': {
    summary: 'Say how far you are, as a worker',
    class: 'agent',
    ofRepo: true,
    writes: false,
    tool: 'report_status',
    arguments: [
      {
        field: 'text',
        name: 'TEXT',
        help: 'what you did, and what comes next',
        many: false,
        required: true,
      },
    ],
    flags: [
      {
        flag: '--confidence',
        field: 'confidence',
        type: 'text',
        value: 'C',
        oneOf: CONFIDENCES,
        help: 'high, medium or low',
      },
    ],
  },
  ask: {
    summary: 'Ask a person, as a worker',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'ask',
    arguments: [
      { field: 'question', name: 'QUESTION', help: 'what you need', many: false, required: true },
    ],
    flags: [
      {
        flag: '--wait',
        field: 'wait_s',
        type: 'duration',
        value: 'TIME',
        help: 'for the answer, at most 10m (5m)',
      },
    ],
  },
  'submit-verdict': {
    summary: 'Say what you found of the work that you look at, as a worker',
    class: 'agent',
    ofRepo: true,
    writes: true,
    tool: 'submit_verdict',
    arguments: [
      {
        field: 'outcome',
        name: 'OUTCOME',
        help: 'pass or fail',
        many: false,
        required: true,
        oneOf: ['pass', 'fail'],
      },
    ],
    flags: [
      {
        flag: '--blocking',
        field: 'blocking',
        type: 'texts',
        value: 'TEXT',
        help: 'must change before it lands; fail needs one',
      },
      {
        flag: '--concern',
        field: 'concerns',
        type: 'texts',
        value: 'TEXT',
        help: 'should be looked at',
      },
      { flag: '--nit', field: 'nits', type: 'texts', value: 'TEXT', help: 'a trifle' },
      { flag: '--note', field: 'note', type: 'text', value: 'TEXT', help: 'in all' },
    ],
  },
} as const satisfies Record<string, OperationSpec>
