// What the ledger's document gains by each claim and its release: the daemon's own engine on a real Yjs document, its log in
// memory. Prints JSON.
import {
  asSessionId,
  createYjsDocument,
  decodeRecord,
  type LedgerDocument,
} from '../../protocol/index.ts'
import type { GrowthFigures } from './figures.ts'
import { Ledger, SELF } from './ledger.ts'

const PARTY = {
  agent: 'agent',
  agentGiven: true,
  session: asSessionId('session'),
  peer: SELF,
  machine: 'bench',
  branch: 'main',
}
/** The state is at rest after this many: every window of what is remembered is full. */
const WARM_UP = 4_000

function live(ledger: Ledger, i: number): void {
  const granted = ledger.ask({
    kind: 'claim',
    party: PARTY,
    scopes: [{ kind: 'file', pattern: `src/file-${String(i)}.ts`, symbols: [], mode: 'exclusive' }],
    terms: {
      description: 'a claim of the bench',
      narrowable: true,
      ttlSeconds: null,
      ttlDefaultSeconds: 14_400,
      ttlSharedSeconds: 7_200,
      claimsPerAgent: 0,
    },
    stamp: { wallMs: 1_700_000_000_000 + i, boot: 'bench', uptimeMs: i },
    key: null,
    urgency: 'normal',
    waitSeconds: 0,
  })
  if (granted.kind !== 'granted') throw new Error(`claim ${String(i)}: ${granted.kind}`)
  const ids = granted.claims.map(({ claim }) => claim.id)
  const ended = ledger.ask({
    kind: 'release',
    party: PARTY,
    target: { by: 'ids', ids },
    force: null,
  })
  if (ended.kind !== 'ended') throw new Error(`release ${String(i)}: ${ended.kind}`)
}

/** What the document takes beyond what a new one with the same records would. */
function overheadOf(document: LedgerDocument): number {
  const byTerm = new Map<number, Uint8Array[]>()
  for (const bytes of document.records()) {
    const { term } = decodeRecord(bytes)
    byTerm.set(term, [...(byTerm.get(term) ?? []), bytes])
  }
  const fresh = createYjsDocument(0x5eed_0002)
  for (const [term, records] of byTerm) fresh.append(term, records)
  return document.diff().length - fresh.diff().length
}

function checkpointBytes(document: LedgerDocument): number {
  return document
    .records()
    .filter((bytes) => decodeRecord(bytes).body.kind === 'checkpoint')
    .reduce((sum, bytes) => sum + bytes.length, 0)
}

const lifecycles = Number(process.argv[2])
const ledger = new Ledger()
for (let i = 0; i < WARM_UP; i++) live(ledger, i)
const bytesBefore = ledger.document.diff().length
const overheadBefore = overheadOf(ledger.document)
const startedAt = performance.now()
const logBefore = ledger.logBytes
for (let i = 0; i < lifecycles; i++) live(ledger, WARM_UP + i)
const microsecondsPerLifecycle = ((performance.now() - startedAt) * 1000) / lifecycles
const overheadAfter = overheadOf(ledger.document)
process.stdout.write(
  JSON.stringify({
    lifecycles,
    bytesBefore,
    bytesAfter: ledger.document.diff().length,
    overheadBefore,
    overheadAfter,
    perLifecycle: (overheadAfter - overheadBefore) / lifecycles,
    checkpointBytes: checkpointBytes(ledger.document),
    records: ledger.document.records().length,
    liveClaims: ledger.engine.committed.state.claims.size,
    logBytes: ledger.logBytes - logBefore,
    microsecondsPerLifecycle,
  } satisfies GrowthFigures),
)
