// The words on the command line of `npm run bench`.
import { parseArgs } from 'node:util'
import { GROUPS, type GroupName } from './groups/names.ts'

export interface Options {
  /** Which groups; all when none was named. */
  readonly groups: readonly GroupName[]
  readonly isQuick: boolean
  readonly runs: number
  readonly asJson: boolean
  readonly write: boolean
  /** The program that is measured, and flags for its node. */
  readonly program: string
  readonly nodeFlags: readonly string[]
}

export const USAGE = `npm run bench [-- NAME…] [options]
  NAME            ${Object.keys(GROUPS).join(', ')} (default: all)
  --runs N        runs of each figure, of which the median counts (default 5, quick 3)
  --quick         small counts: shows that it works, measures little
  --json          prints the figures as JSON
  --write         writes docs/PERFORMANCE.md (all groups only)
  --program FILE  measures this program (default dist/skein.js)
  --node-flag F   a flag for the daemon's node, as --node-flag=--cpu-prof; may be repeated
`

/** @throws Error with a sentence for the person at the terminal. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      program: { type: 'string', default: 'dist/skein.js' },
      'node-flag': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return null
  const unknown = positionals.find((name) => !isGroup(name))
  if (unknown !== undefined) throw new Error(`there is no group '${unknown}'\n\n${USAGE}`)
  if (values.write && positionals.length > 0) {
    throw new Error('--write wants every group: leave the names out')
  }
  const runs = Number(values.runs ?? (values.quick ? 3 : 5))
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs ${values.runs ?? ''}: not a count`)
  return {
    groups:
      positionals.length > 0 ? positionals.filter(isGroup) : Object.keys(GROUPS).filter(isGroup),
    isQuick: values.quick,
    runs,
    asJson: values.json,
    write: values.write,
    program: values.program,
    nodeFlags: values['node-flag'],
  }
}

function isGroup(name: string): name is GroupName {
  return Object.hasOwn(GROUPS, name)
}
