// skein.1: the manual page, out of the list of verbs, the exit codes and the variables that the reference is made of. The
// build writes it.
import { GLOBAL_FLAGS, VERBS } from '../../daemon/cli/verbs.ts'
import { helpOf } from '../../daemon/cli/verb-help.ts'
import type { Group, VerbSpec } from '../../daemon/cli/verb-spec.ts'
import type { FlagSpec } from '../../protocol/index.ts'
import { EXITS, VARIABLES } from '../reference/outside.ts'
import { bold, italic, prose, quoted, section, subsection, tagged, verbatim } from './roff.ts'

/** @param date as in 2026-07-01 */
export function manualPage(version: string, date: string): string {
  return [
    `.TH SKEIN 1 "${date}" ${quoted(`skein ${version}`)} "User Commands"`,
    section('NAME'),
    `skein \\- ${prose('claims for coding agents that hold on every machine')}`,
    section('SYNOPSIS'),
    '.B skein',
    `${italic('COMMAND')} [${italic('ARGUMENT')} ...] [${italic('FLAG')} ...]`,
    ...description(),
    ...commands(),
    section('FLAGS OF EVERY COMMAND'),
    ...GLOBAL_FLAGS.flatMap((flag) => tagged(flagTerm(flag), prose(`${flag.help}.`))),
    section('EXIT STATUS'),
    ...Object.entries(EXITS).flatMap(([exit, meaning]) => tagged(bold(exit), prose(`${meaning}.`))),
    section('ENVIRONMENT'),
    ...VARIABLES.flatMap(([name, meaning]) => tagged(bold(name), prose(meaning))),
    section('FILES'),
    ...FILES.flatMap(([name, meaning]) => tagged(bold(name), prose(meaning))),
    section('EXAMPLES'),
    ...EXAMPLES.flatMap(([what, ...typed], at) => [
      ...(at === 0 ? [] : ['.PP']),
      prose(what),
      ...verbatim(typed),
    ]),
    section('SEE ALSO'),
    `${bold('git')}(1), ${bold('git-push')}(1)`,
    '',
  ].join('\n')
}

function description(): readonly string[] {
  return [
    section('DESCRIPTION'),
    prose(
      'Coding agents that work in one repository claim what they are about to change; whoever comes second is told who holds it, for what, and until when, before a line is written. One daemon on each machine decides, alone or together with those of other machines, and remembers every answer on disk.',
    ),
    '.PP',
    prose(
      'Answers go to stdout, everything else to stderr. With `--json` one JSON document on stdout is all there is, failures included. Flags stand anywhere, the later of two counts, and `--` ends them. Times are written as `90s`, `15m`, `4h` or `10d`. Patterns are read from the working directory.',
    ),
  ]
}

function commands(): readonly string[] {
  const groups = [...new Set(VERBS.map(({ group }) => group))]
  return [section('COMMANDS'), ...groups.flatMap(groupLines)]
}

function groupLines(group: Group): readonly string[] {
  const own = VERBS.filter((verb) => verb.group === group)
  return [subsection(group), ...own.flatMap(commandLines)]
}

function commandLines(verb: VerbSpec): readonly string[] {
  const { flags, arguments: words } = verb
  const { summary, details } = helpOf(verb)
  const terms = [
    ...words.map(({ name, help }) => tagged(italic(name), prose(`${help}.`))),
    ...flags.map((flag) => tagged(flagTerm(flag), prose(`${flag.help}.`))),
  ]
  return [
    ...tagged(usage(verb), prose(`${summary}.`), ...(details === '' ? [] : [prose(details)])),
    ...(terms.length === 0 ? [] : ['.RS', ...terms.flat(), '.RE']),
  ]
}

function usage({ name, arguments: words, flags }: VerbSpec): string {
  const places = words.map(({ name: word, many, required }) => {
    const shown = `${italic(word)}${many ? ' ...' : ''}`
    return required ? shown : `[${shown}]`
  })
  return [
    bold(`skein ${name}`),
    ...places,
    ...(flags.length === 0 ? [] : [`[${italic('FLAG')} ...]`]),
  ].join(' ')
}

function flagTerm({ flag, value, type }: FlagSpec): string {
  if (value === undefined) return bold(flag)
  return `${bold(flag)} ${italic(value)}${type === 'texts' ? ' ...' : ''}`
}

const FILES: readonly (readonly [string, string])[] = [
  [
    '.skein.yml',
    'In the root of a repository, tracked: its id and its rules, the same for everybody.',
  ],
  ['~/.skein/', 'The home of this machine, unless `SKEIN_HOME` names another.'],
  ['~/.skein/config.yml', 'What this machine is to do; optional.'],
  [
    '~/.skein/service.env',
    'For the service of systemd and its workers: one `NAME=value` a line; optional.',
  ],
  ['~/.skein/token', 'The bearer token of the HTTP port. A secret, as is all of the home.'],
  ['~/.skein/ledger/', 'A durable log for each repository, and one for the mesh.'],
  ['~/.skein/audit/', 'What happened, as lines of JSON that are chained by hashes.'],
  ['~/.skein/logs/', 'The log of the daemon; `skein logs` shows it.'],
]

const EXAMPLES: readonly (readonly [string, ...string[]])[] = [
  ['Begin on a machine, and in a repository:', 'skein up --background', 'cd shop && skein init'],
  [
    'Claim, work, give back:',
    "skein claim 'src/auth/**' --description 'rework login'",
    'skein release --mine',
  ],
  ['Wait for what another holds, at most ten minutes:', 'skein claim src/auth/login.ts --wait 10m'],
  ['In a script, what counts is the exit status:', 'skein check src/router.ts --quiet || exit 1'],
  ['Who holds what, for a program:', "skein claims --json | jq -r '.claims[].pattern'"],
]
