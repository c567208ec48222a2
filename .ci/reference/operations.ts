// operations.md: the operation table, the commands and the tools.
import { helpOf } from '../../daemon/cli/verb-help.ts'
import type { VerbSpec } from '../../daemon/cli/verb-spec.ts'
import { GLOBAL_FLAGS, VERBS } from '../../daemon/cli/verbs.ts'
import { TOOLS } from '../../mcp/tools.ts'
import {
  DETAILS,
  EXAMPLES,
  INPUTS,
  OPERATION_NAMES,
  OPERATIONS,
  OUTPUTS,
  type ArgumentSpec,
  type FlagSpec,
  type OperationName,
} from '../../protocol/index.ts'
import { exitTable } from './errors.ts'
import { COMMON, fieldTable, OBJECTS, schemaOf, type Schema } from './fields.ts'
import { anchor, code, page, spell, table } from './page.ts'

export function operationsPage(): string {
  const names = OPERATION_NAMES.map((name) => `[${spell(name)}](#${anchor(spell(name))})`)
  const local = VERBS.filter(({ does }) => 'local' in does)
  return page(
    '# Operations',
    'Everything that can be asked of skein. Each operation is one command, one HTTP route and, where agents have use for it, one or more MCP tools; all of them take the same input and give the same result.',
    `Operations: ${names.join(', ')}. Commands of the program itself stand [at the end](#commands-without-an-operation).`,
    '## What every operation takes',
    'On the command line:',
    flagTable(GLOBAL_FLAGS),
    'As fields of the JSON input. The command line and the MCP bridge fill them in; a script over HTTP names at least `agent` or `session` when it changes something, and says where: `cwd` (over the socket only) or `repo`.',
    fieldTable(COMMON, new Set()),
    'An unknown field is refused and named. A request takes at most 1 MiB.',
    '## Exit codes',
    exitTable(),
    ...OPERATION_NAMES.flatMap(operationSections),
    '## Objects in results',
    ...OBJECTS.flatMap(([name, schema]) => [
      `### ${name} object`,
      fieldTable(schema ?? {}, new Set(), false),
    ]),
    '## Commands without an operation',
    'They belong to the program on this machine, so no other door has them.',
    ...local.flatMap(localSections),
  )
}

function localSections(verb: VerbSpec): string[] {
  const { summary, details, examples } = helpOf(verb)
  return [
    `### skein ${verb.name}`,
    `${summary}. ${details}`,
    code('sh', usageLine(verb.name, verb.arguments, verb.flags)),
    argumentTable(verb.arguments),
    flagTable(verb.flags),
    code('sh', examples.join('\n')),
  ]
}

function operationSections(name: OperationName): string[] {
  const spec = OPERATIONS[name]
  const tools = TOOLS.filter(({ operation }) => operation === name)
  const common = new Set(Object.keys(COMMON.properties ?? {}))
  const person = spec.class === 'person' ? [PERSON] : []
  return [
    `## ${spell(name)}`,
    `${spec.summary}.`,
    DETAILS[name],
    NOTES[name] ?? '',
    ...person,
    code('sh', usageLine(spell(name), spec.arguments, spec.flags)),
    argumentTable(spec.arguments),
    flagTable(spec.flags),
    code('sh', EXAMPLES[name].join('\n')),
    `HTTP: \`POST /v1/${name}\`. Fields beside those of every operation:`,
    fieldTable(schemaOf(INPUTS[name], 'input'), common) || 'None.',
    'Result:',
    fieldTable(schemaOf(OUTPUTS[name], 'output'), new Set(), false),
    ...tools.flatMap((tool) => [
      `MCP tool \`${tool.name}\`: ${tool.description}`,
      fieldTable(tool.inputSchema as Schema, new Set()),
    ]),
    ...(tools.length === 0 ? ['No MCP tool.'] : []),
  ]
}

const PERSON =
  'This is the act of a person: it needs a terminal, or `trust_scripts: true` in `config.yml` together with `--yes`. MCP never offers it.'

/** What the schemas leave room for and this version does not do. */
const NOTES: Readonly<Partial<Record<OperationName, string>>> = {
  claim:
    'A scope is a `file`, `symbol`, `module`, `task` or `resource`. A `symbol` scope names `symbols` of one file or of the files that a glob covers: each must be declared by one of them. `status` is `granted`, `queued` or `refused`. `beside` are claims on the same files that stay.',
  check:
    '`would`: `grant`; `coexist`, beside claims on other symbols of the files; `narrow`, out of a claim on a whole file, whose holder is told; `wait`: it would be refused, or wait.',
  status: 'In this version `mesh.members` is 1.',
}

function usageLine(
  name: string,
  words: readonly ArgumentSpec[],
  flags: readonly FlagSpec[],
): string {
  const places = words.map(({ name: word, many, required }) => {
    const shown = many ? `${word}…` : word
    return required ? shown : `[${shown}]`
  })
  const options = flags.map(({ flag, value, type }) => {
    const shown = value === undefined ? flag : `${flag} ${value}`
    return `[${shown}]${type === 'texts' ? '…' : ''}`
  })
  return ['skein', name, ...places, ...options].join(' ')
}

function argumentTable(words: readonly ArgumentSpec[]): string {
  return table(
    ['argument', 'meaning'],
    words.map(({ name, many, help }) => [`\`${name}${many ? '…' : ''}\``, help]),
  )
}

function flagTable(flags: readonly FlagSpec[]): string {
  return table(
    ['flag', 'meaning'],
    flags.map(({ flag, value, help }) => [
      `\`${value === undefined ? flag : `${flag} ${value}`}\``,
      help,
    ]),
  )
}
