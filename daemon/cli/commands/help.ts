// `skein help`, and `--help` behind any verb: projected from the list of verbs, so that it cannot be out of date.
import { nearest, SkeinError, type FlagSpec } from '../../../protocol/index.ts'
import type { LocalCommand } from '../machine.ts'
import { pageOn, prose, type Page } from '../output/page.ts'
import { helpOf, type VerbHelp } from '../verb-help.ts'
import type { Group, VerbSpec } from '../verb-spec.ts'
import { findVerb, GLOBAL_FLAGS, VERBS } from '../verbs.ts'

export const run: LocalCommand = ({ verb, fields }, io) => {
  const named = verb.name === 'help' ? namedVerb(fields['verb']) : verb
  const page = pageOn(io.stdout, io)
  if (fields['json'] === true) {
    const shown =
      named === null ? { commands: VERBS.map(withHelp), flags: GLOBAL_FLAGS } : withHelp(named)
    io.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
    return 0
  }
  const lines = named === null ? overview(page) : describeVerb(named, page)
  io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}

function withHelp(verb: VerbSpec): VerbSpec & VerbHelp {
  return { ...verb, ...helpOf(verb) }
}

function namedVerb(words: unknown): VerbSpec | null {
  if (!Array.isArray(words)) return null
  const name = words.join(' ')
  const verb = findVerb(name)
  if (verb !== undefined) return verb
  const near = nearest(
    name,
    VERBS.map((each) => each.name),
  )
  throw new SkeinError('INPUT_USAGE', `skein has no command \`${name}\`.`, {
    hint: near === null ? 'skein help' : `skein help ${near}`,
  })
}

const GROUPS: readonly Group[] = [
  'Claims',
  'Tasks',
  'Workers',
  'Kept work',
  'Repositories',
  'Machines',
  'This machine',
  'Hooks',
]

function overview(page: Page): readonly string[] {
  const width = Math.max(...VERBS.map(({ name }) => name.length))
  const groups = GROUPS.flatMap((group) => [
    '',
    page.paint('strong', group),
    ...VERBS.filter((verb) => verb.group === group).map(
      (verb) => `  ${verb.name.padEnd(width)}  ${helpOf(verb).summary}`,
    ),
  ])
  return [
    'skein: claims for coding agents. Whoever claims a file first has it, until they give it back.',
    '',
    `${page.paint('strong', 'Usage')}  skein COMMAND [ARGUMENT…] [--json] [--quiet] [--help]`,
    ...groups,
    '',
    page.paint('strong', 'First steps'),
    '  skein up --background        start the daemon of this machine',
    '  cd REPO && skein init        let this repository take part',
    "  skein claim 'src/auth/**' --description 'rework login'",
    '  skein try                    or watch it first, alone and in seconds',
    '',
    'Exit codes: 0 done, 1 somebody else holds it, 2 no answer (a person decides), 3 this session has a task, 4 stale,',
    '5 not enrolled, 6 not found, 7 forbidden, 8 waited in vain, 9 over a limit, 64 bad input, 70 our bug.',
    'More: skein help COMMAND',
  ]
}

function describeVerb(verb: VerbSpec, page: Page): readonly string[] {
  const { summary, details, examples } = helpOf(verb)
  const words = verb.arguments.map(({ name, many, required }) => {
    const shown = many ? `${name}…` : name
    return required ? shown : `[${shown}]`
  })
  const flags = verb.flags.length === 0 ? [] : ['[FLAG…]']
  const terms = [
    ...verb.arguments.map(({ name, help }) => [name, help] as const),
    ...verb.flags.map((flag) => [flagTitle(flag), flag.help] as const),
  ]
  const globals = GLOBAL_FLAGS.map((flag) => [flagTitle(flag), flag.help] as const)
  const width = Math.max(...[...terms, ...globals].map(([title]) => title.length))
  const list = (entries: readonly (readonly [string, string])[]): readonly string[] =>
    entries.map(([title, help]) => `  ${title.padEnd(width)}  ${help}`)
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', page.paint('strong', title), ...lines]
  return [
    `${summary}.`,
    ...section('Usage', [`  ${['skein', verb.name, ...words, ...flags].join(' ')}`]),
    '',
    ...prose(details, page),
    ...section('Words', list(terms)),
    ...section('Everywhere', list(globals)),
    ...section(
      'Examples',
      examples.map((example) => `  ${example}`),
    ),
  ]
}

function flagTitle({ flag, value, type }: FlagSpec): string {
  const repeats = type === 'texts' ? '…' : ''
  return value === undefined ? flag : `${flag} ${value}${repeats}`
}
