// `npm run reference`: writes docs/reference/ from what the program itself is made of: the operation table and its schemas,
// the error catalogue, the configuration schemas, the kinds of events. A test compares the pages with what this makes now.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import { VERBS, GLOBAL_FLAGS } from '../daemon/cli/verbs.ts'
import { loadConfig, loadRepoConfig } from '../daemon/config.ts'
import { configJsonSchema, formatDuration, type FileName } from '../daemon/config-schema.ts'
import { TOOLS } from '../mcp/tools.ts'
import {
  ERROR_CATALOGUE,
  EVENT_KINDS,
  httpOfExit,
  INPUTS,
  OPERATION_NAMES,
  OPERATIONS,
  OUTPUTS,
  type ArgumentSpec,
  type Exit,
  type FlagSpec,
  type OperationName,
} from '../protocol/index.ts'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const HEAD = '<!-- Made by `npm run reference`; edits here are lost. -->\n'

/** The pages by their path from the root. */
export function makeReference(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/operations.md', operationsPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/events.md', eventsPage()],
  ])
}

interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly additionalProperties?: Schema | boolean
  readonly description?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  return z.toJSONSchema(schema, { io }) as Schema
}

// --- operations.md ---------------------------------------------------------------------------------------------------

const COMMON = schemaOf(INPUTS.status, 'input')
const CLAIMS = schemaOf(OUTPUTS.claims, 'output')
const CLAIM_RESULT = schemaOf(OUTPUTS.claim, 'output')

/** Objects that several results hold: told once. */
const OBJECTS: readonly (readonly [string, Schema | undefined])[] = [
  ['Claim', CLAIMS.properties?.['claims']?.items],
  ['Conflict', CLAIM_RESULT.properties?.['conflicts']?.items],
  ['Option', CLAIM_RESULT.properties?.['options']?.items],
  ['Ended', CLAIMS.properties?.['recent']?.items],
  ['AsOf', CLAIMS.properties?.['as_of']],
  ['Event', schemaOf(OUTPUTS.why, 'output').properties?.['events']?.items],
]

function operationsPage(): string {
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
    ...local.flatMap((verb) => [
      `### skein ${verb.name}`,
      `${verb.summary}. ${verb.details}`,
      code('sh', usageLine(verb.name, verb.arguments, verb.flags)),
      argumentTable(verb.arguments),
      flagTable(verb.flags),
      code('sh', verb.examples.join('\n')),
    ]),
  )
}

function operationSections(name: OperationName): string[] {
  const spec = OPERATIONS[name]
  const tools = TOOLS.filter(({ operation }) => operation === name)
  const common = new Set(Object.keys(COMMON.properties ?? {}))
  const person = spec.class === 'person' ? [PERSON] : []
  return [
    `## ${spell(name)}`,
    `${spec.summary}.`,
    spec.details,
    NOTES[name] ?? '',
    ...person,
    code('sh', usageLine(spell(name), spec.arguments, spec.flags)),
    argumentTable(spec.arguments),
    flagTable(spec.flags),
    code('sh', spec.examples.join('\n')),
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

/** One row a field; the fields of nested objects follow theirs. */
function fieldTable(schema: Schema, without: ReadonlySet<string>, isInput = true): string {
  const rows = rowsOf(schema, '', without, isInput)
  const heads = isInput ? ['field', 'type', 'needed', 'meaning'] : ['field', 'type', 'meaning']
  return table(heads, rows)
}

function rowsOf(
  schema: Schema,
  prefix: string,
  without: ReadonlySet<string>,
  isInput: boolean,
): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (prefix === '' && without.has(name)) return []
    const key = `${prefix}${name}`
    const isNeeded = schema.required?.includes(name) === true
    const needed = isInput ? [isNeeded ? 'yes' : ''] : []
    const row = [`\`${key}\``, typeOf(field), ...needed, field.description ?? '']
    if (objectName(field) !== null || objectName(field.items) !== null) return [row]
    const inner = field.items ?? field
    const into = field.items === undefined ? `${key}.` : `${key}[].`
    return [row, ...rowsOf(inner, into, new Set(), isInput)]
  })
}

function objectName(schema: Schema | undefined): string | null {
  if (schema === undefined) return null
  const text = JSON.stringify({ ...schema, description: undefined })
  const found = OBJECTS.find(
    ([, known]) =>
      known !== schema && JSON.stringify({ ...known, description: undefined }) === text,
  )
  return found?.[0] ?? null
}

function typeOf(schema: Schema): string {
  const named = objectName(schema)
  if (named !== null) return `[${named}](#${anchor(`${named} object`)})`
  if (schema.enum !== undefined)
    return schema.enum.map((each) => `\`${String(each)}\``).join(' or ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.items !== undefined) {
    const count = bounds(schema.minItems, schema.maxItems, '')
    return `list of ${typeOf(schema.items)}${count === '' ? '' : `, ${count}`}`
  }
  if (schema.type === 'string') {
    const length = bounds(schema.minLength, schema.maxLength, ' characters')
    return `text${length === '' ? '' : `, ${length}`}`
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    const least = schema.minimum ?? schema.exclusiveMinimum
    const isPlain = (limit: number | undefined): number | undefined =>
      limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit
    const range = bounds(isPlain(least), isPlain(schema.maximum), '')
    const above =
      schema.exclusiveMinimum === undefined ? range : `above ${range.replace('from ', '')}`
    return `${schema.type}${range === '' ? '' : `, ${above}`}`
  }
  if (typeof schema.additionalProperties === 'object') return 'object by name'
  return typeof schema.type === 'string' ? schema.type : 'any'
}

function bounds(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return ''
  if (least === undefined) return `at most ${String(most)}${unit}`
  return most === undefined
    ? `from ${String(least)}${unit}`
    : `${String(least)} to ${String(most)}${unit}`
}

// --- errors.md -------------------------------------------------------------------------------------------------------

const EXITS: Readonly<Record<Exit, string>> = {
  0: 'done',
  1: 'conflict: refused, somebody else holds it',
  2: 'coordination unavailable; no grant was confirmed, a person decides',
  3: 'the session works on another task, or waits for one',
  4: 'stale: a claim, a fence or a hash is not what was named',
  5: 'the repository is not enrolled',
  6: 'not found',
  7: 'forbidden',
  8: 'a wait ended without what was waited for',
  9: 'over a limit that time heals',
  64: 'bad usage or bad input',
  70: 'a bug in skein',
  130: 'interrupted',
}

function exitTable(): string {
  const rows = Object.entries(EXITS).map(([exit, meaning]) => [
    exit,
    String(httpOfExit(Number(exit) as Exit)),
    meaning,
  ])
  return table(['exit', 'HTTP', 'meaning'], rows)
}

function errorsPage(): string {
  const raised = new Set(codesIn(sourcesOf(['daemon', 'protocol', 'mcp'])))
  const rows = Object.entries(ERROR_CATALOGUE).map(([name, row]) => {
    const http = 'http' in row ? row.http : httpOfExit(row.exit)
    const note = raised.has(name) ? '' : ' *Not raised by this version.*'
    const retry = 'retry' in row ? 'yes' : ''
    return [`\`${name}\``, String(row.exit), String(http), retry, `${row.when}${note}`, row.hint]
  })
  return page(
    '# Errors',
    'Every failure has a code that does not change, says what happened, and names the next command. On the command line it is text on stderr, with `--json` one document on stdout; over HTTP it is the body, as JSON:',
    code('json', '{"error": {"code": "…", "message": "…", "hint": "…", "exit": 64, "data": {}}}'),
    '`data` holds the facts where there are any. A refused claim is not an error: it is the result of `claim`, with exit 1 (HTTP 409).',
    '## Exit codes',
    exitTable(),
    'A `check` answers HTTP 200 whatever it says.',
    '## Codes',
    'Again: may the same call succeed later without any change by the caller? Over HTTP such an answer carries `Retry-After`.',
    table(['code', 'exit', 'HTTP', 'again', 'when', 'what to do'], rows),
  )
}

function codesIn(text: string): readonly string[] {
  return Object.keys(ERROR_CATALOGUE).filter((name) => text.includes(`'${name}'`))
}

function sourcesOf(folders: readonly string[]): string {
  const texts = folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8')),
  )
  return texts.join('\n')
}

// --- configuration.md ------------------------------------------------------------------------------------------------

/** Keys that something reads today. The others are accepted, so that one file serves several versions. */
const IN_EFFECT: Readonly<Record<FileName, ReadonlySet<string>>> = {
  '.skein.yml': new Set([
    'repo',
    'default_branch',
    'plan_path',
    'case',
    'limits',
    'limits.files',
    'limits.ratio',
    'limits.claims_per_agent',
    'ttl',
    'ttl.default',
    'ttl.shared',
    'ttl.task',
    'idle_release',
  ]),
  'config.yml': new Set([
    'machine',
    'http_port',
    'repos',
    'exclude',
    'enrol',
    'trust_scripts',
    'log_level',
    'retention',
    'retention.audit',
    'retention.audit_mib',
    'retention.logs_mib',
  ]),
}

const VARIABLES: readonly (readonly [string, string])[] = [
  ['SKEIN_HOME', 'The home of this machine; default `~/.skein`.'],
  ['SKEIN_AGENT', 'Who calls, unless `--agent` says so.'],
  ['SKEIN_SESSION', 'Which run of the caller, unless `--session` says so.'],
  ['SKEIN_HTTP_PORT', 'Sets `http_port`; 0 for any free one.'],
  ['SKEIN_NO_START', '`1`: `skein mcp` starts no daemon.'],
  [
    'CLAUDE_CODE_SESSION_ID',
    'Read: the session, where neither a flag nor SKEIN_SESSION names one.',
  ],
  ['CODEX_SESSION_ID', 'Read: the same, after it.'],
  ['NO_COLOR', 'Read: no colours.'],
  ['XDG_RUNTIME_DIR', 'Read: where the sockets go when the path of the home is over 90 bytes.'],
]

function configurationPage(): string {
  const machine = loadConfig({ home: path.join(ROOT, 'no-such-home'), env: {} }).settings
  const repo = loadRepoConfig(path.join(ROOT, 'no-such-folder')).settings
  return page(
    '# Configuration',
    'Two YAML files, each optional. Later ones win: defaults, file, environment, flags. `skein config` shows every value and where it comes from; `skein config validate` checks both files without a daemon. A wrong key or value is refused with file, line and the nearest right key. Times are written as `90s`, `15m`, `4h`, `10d`.',
    '## `.skein.yml`, in the root of a repository',
    'Tracked, the same for everybody; data only, nothing in it is ever run. Whoever can write to the repository can write it. The daemon reads `case` and `idle_release` when it opens the ledger: restart it after a change of these.',
    keyTables('.skein.yml', repo),
    '## `config.yml`, in the home',
    'This machine’s own word, read at the start of the daemon.',
    keyTables('config.yml', machine),
    '## Environment',
    table(
      ['variable', 'meaning'],
      VARIABLES.map(([name, text]) => [`\`${name}\``, text]),
    ),
    '## The home',
    '`$SKEIN_HOME`, by default `~/.skein`, mode 0700. `identity.key`: the machine’s key. `machine`: its name. `token`: the bearer token of the HTTP port. `config.yml`. `api.sock`, `mcp.sock`: the doors. `daemon.pid`: the lock. `ledger/`: one durable log for each repository, and `mesh` for this machine’s own. `audit/`: the audit logs, in segments of 32 MiB. `logs/`: the daemon’s log, in four files. `retention` bounds both.',
  )
}

interface Setting {
  readonly key: string
  readonly value: unknown
}

function keyTables(file: FileName, settings: readonly Setting[]): string {
  const rows = keysOf(configJsonSchema()[file] as Schema, '').map(([key, field]) => {
    const found = settings.find((setting) => setting.key === key)
    return { key, row: [`\`${key}\``, typeOf(field), defaultOf(found), field.description ?? ''] }
  })
  const heads = ['key', 'type', 'default', 'meaning']
  const inEffect = (key: string): boolean => IN_EFFECT[file].has(key)
  const used = rows.filter(({ key }) => inEffect(key)).map(({ row }) => row)
  const unused = rows
    .filter(({ key }) => !inEffect(key))
    .map(({ row }) => [row[0] ?? '', row[1] ?? ''])
  return [
    table(heads, used),
    'Accepted and checked, but **without effect in this version**:',
    table(['key', 'type'], unused),
  ].join('\n\n')
}

function keysOf(schema: Schema, prefix: string): (readonly [string, Schema])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const key = `${prefix}${name}`
    return [[key, field] as const, ...keysOf(field, `${key}.`)]
  })
}

function defaultOf(setting: Setting | undefined): string {
  if (setting === undefined || setting.value === null) return ''
  const { key, value } = setting
  if (/^ttl\.|^idle_release$|^retention\.audit$/.test(key) && typeof value === 'number')
    return formatDuration(value)
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'none' : ''
  return `\`${String(value)}\``
}

// --- events.md -------------------------------------------------------------------------------------------------------

function eventsPage(): string {
  const told = sourcesOf(['daemon'])
  const rows = Object.entries(EVENT_KINDS).map(([kind, when]) => {
    const isTold = told.includes(`'${kind}'`)
    return { isTold, row: [`\`${kind}\``, when] }
  })
  return page(
    '# Events',
    'What happened in a repository, one JSON object a line, in the home under `audit/<repository>/`, segments numbered from `000001.ndjson`. `skein why` reads them; `skein audit verify` checks their chain. Events tell what was decided; nothing is ever decided by them.',
    '## An event',
    table(
      ['field', 'meaning'],
      [
        [
          '`id`',
          '`evt_` and a ULID. Of events that tell a record of the ledger, the same wherever it is told.',
        ],
        ['`repo`', 'Id of the repository, or `mesh` for this machine’s own ledger.'],
        ['`kind`', 'One of those below.'],
        [
          '`at`',
          'ISO 8601, UTC, with milliseconds: the wall clock of whoever decided it. For people; nothing is ordered by it.',
        ],
        [
          '`term`, `index`',
          'Of the record that it tells; of the last committed one, where it is this machine’s own observation.',
        ],
        ['`actor`', 'The agent or person who caused it.'],
        ['`machine`', 'The machine’s name.'],
        [
          '`data`',
          'Facts. Of a claim: `claim`, `claim_kind`, `pattern`, `symbols`, `mode`, `fence`, `agent`, `session`, `branch`, `description`, `ttl_s`; of its end also `reason`, `by`, `note`; of a refusal `conflicts`.',
        ],
        ['`prev`', 'The `hash` of the event before; 64 zeros for the first.'],
        ['`hash`', 'SHA-256, in hex, of the line without this field.'],
      ],
    ),
    '## Kinds',
    table(
      ['kind', 'when'],
      rows.filter(({ isTold }) => isTold).map(({ row }) => row),
    ),
    'Reserved names, not written by this version:',
    rows
      .filter(({ isTold }) => !isTold)
      .map(({ row }) => row[0])
      .join(', '),
  )
}

// --- pages -----------------------------------------------------------------------------------------------------------

function page(...parts: readonly string[]): string {
  return `${[HEAD.trim(), ...parts].filter((part) => part !== '').join('\n\n')}\n`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

/** As it is typed. */
function spell(name: OperationName): string {
  return name.replace('/', ' ')
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-')
}

function writeReference(): void {
  for (const [file, text] of makeReference()) {
    const place = path.join(ROOT, file)
    mkdirSync(path.dirname(place), { recursive: true })
    writeFileSync(place, text)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeReference()
