// events.md: the shape of an event, and the kinds.
import { EVENT_KINDS } from '../../protocol/index.ts'
import { page, table } from './page.ts'
import { sourcesOf } from './sources.ts'

export function eventsPage(): string {
  const told = sourcesOf(['daemon'])
  const rows = Object.entries(EVENT_KINDS).map(([kind, when]) => {
    const isTold = told.includes(`'${kind}'`)
    return { isTold, row: [`\`${kind}\``, when] }
  })
  return page(
    '# Events',
    'What happened in a repository, one JSON object a line, in the home under `audit/<repository>/`, segments numbered from `000001.ndjson`. `skein why` and `skein events` read them, `GET /v1/events` follows them ([how](../PROTOCOL.md#events)), `skein audit verify` checks their chain ([the bytes](../PROTOCOL.md#the-audit-log)). Events tell what was decided; nothing is ever decided by them.',
    '## An event',
    table(
      ['field', 'meaning'],
      [
        [
          '`id`',
          '`evt_` and a ULID. Of events that tell a record of the ledger, the same wherever it is told.',
        ],
        ['`repo`', 'Id of the repository, or `mesh` for the ledger of the mesh.'],
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
