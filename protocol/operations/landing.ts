// The operations that bring workers' work to the branch that it is for.
import { YES } from './flags.ts'
import type { ArgumentSpec, FlagSpec, OperationSpec } from './spec.ts'

const ID: ArgumentSpec = {
  field: 'id',
  name: 'ID',
  help: 'asg_…',
  many: false,
  required: true,
  names: 'assignment',
}
const COMMON = { class: 'agent', ofRepo: true, writes: true, tool: null } as const

const textFlag = (field: string, value: string, help: string): FlagSpec => ({
  ...{ flag: `--${field}`, field, type: 'text', value, help },
})
const switchFlag = (field: string, help: string): FlagSpec => ({
  ...{ flag: `--${field.replaceAll('_', '-')}`, field, type: 'switch', help },
})

export const LANDING_OPERATIONS = {
  test: {
    ...COMMON,
    summary: 'Build and test work',
    arguments: [ID],
    flags: [
      switchFlag('passed', 'a person has tried it: it works'),
      switchFlag('fail', 'it does not'),
      textFlag('reason', 'TEXT', 'with --fail: why'),
    ],
  },
  review: {
    ...COMMON,
    summary: 'Have work reviewed',
    arguments: [ID],
    flags: [
      { ...textFlag('machine', 'M', 'where (another one)'), names: 'machine' },
      textFlag('launcher', 'L', 'how it is started'),
    ],
  },
  pr: {
    ...COMMON,
    summary: 'Open a pull request',
    arguments: [ID],
    flags: [switchFlag('no_review', 'start no review')],
  },
  merge: {
    ...COMMON,
    summary: 'Land work',
    arguments: [{ ...ID, field: 'ids', many: true, required: false }],
    flags: [
      switchFlag('dry_run', 'only say what would be done'),
      { ...textFlag('method', 'HOW', 'how'), oneOf: ['rebase', 'squash', 'merge'] },
      textFlag('target', 'BRANCH', 'where (the default branch)'),
      switchFlag('drop', 'these are not to land; ask no more'),
      YES,
    ],
  },
  trust: {
    ...COMMON,
    summary: 'Approve the commands of a repository',
    class: 'person',
    writes: false,
    arguments: [{ ...ID, required: false }],
    flags: [switchFlag('show', 'only show them'), switchFlag('revoke', 'approve none'), YES],
  },
} as const satisfies Record<string, OperationSpec>
