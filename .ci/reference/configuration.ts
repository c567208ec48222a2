// configuration.md: the schemas of both files, and what else a machine is told by.
import path from 'node:path'
import { loadConfig, loadRepoConfig } from '../../daemon/config.ts'
import { configJsonSchema, type FileName } from '../../daemon/config-schema.ts'
import { formatDuration } from '../../daemon/config-words.ts'
import { typeOf, type Schema } from './fields.ts'
import { VARIABLES } from './outside.ts'
import { page, table } from './page.ts'
import { ROOT } from './sources.ts'

/** Keys that nothing acts on yet. They are accepted, so that one file serves several versions. */
const WITHOUT_EFFECT: Readonly<Record<FileName, ReadonlySet<string>>> = {
  '.skein.yml': new Set(['commands.smoke']),
  'config.yml': new Set(),
}

export function configurationPage(): string {
  const machine = loadConfig({ home: path.join(ROOT, 'no-such-home'), env: {} }).settings
  const repo = loadRepoConfig(path.join(ROOT, 'no-such-folder')).settings
  return page(
    '# Configuration',
    'Two YAML files, each optional. Later ones win: defaults, file, environment, flags. `skein config` shows every value and where it comes from; `skein config validate` checks both files without a daemon. A wrong key or value is refused with file, line and the nearest right key. Times are written as `90s`, `15m`, `4h`, `10d`.',
    '## `.skein.yml`, in the root of a repository',
    'Tracked, the same for everybody; data only: of its `commands` nothing runs on a machine but what a person there has approved (`skein trust`). Whoever can write to the repository can write it. The daemon reads `case` and `idle_release` when it opens the ledger: restart it after a change of these.',
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
    '`$SKEIN_HOME`, by default `~/.skein`, mode 0700. `identity.key`: the machine’s key. `machine`: its name. `token`: the bearer token of the HTTP port. `config.yml`. `service.env`: variables for the service of systemd, as you write them. `api.sock`, `mcp.sock`: the doors. `daemon.pid`: the lock. `mesh`: the id of its mesh. `network.key`: the key that the members share. `listening.json`: the mesh port, and where the other members were last. `joining.json`: the way into another mesh. `releasing.json`: what was released without a majority. `parked.json`: runs that wait parked for an edit. `generations.json`: ledgers that were begun anew. `ledger/`: one durable log for each repository, and `mesh` for the mesh’s own. `audit/`: the audit logs, in segments of 32 MiB. Both keep what belonged to an earlier mesh under `NAME.of-MESH`. `logs/`: the daemon’s log, in four files. `retention` bounds both.',
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
  const inEffect = (key: string): boolean => !WITHOUT_EFFECT[file].has(key)
  const used = rows.filter(({ key }) => inEffect(key)).map(({ row }) => row)
  const unused = rows
    .filter(({ key }) => !inEffect(key))
    .map(({ row }) => [row[0] ?? '', row[1] ?? ''])
  const rest =
    unused.length === 0
      ? []
      : [
          'Accepted and checked, but **without effect in this version**:',
          table(['key', 'type'], unused),
        ]
  return [table(heads, used), ...rest].join('\n\n')
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
