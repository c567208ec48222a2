// Results as a daemon answers them, at one moment.
import type { OperationResult } from '../../../protocol/index.ts'

export const NOW_MS = new Date('2026-11-21T12:00:00').getTime()

/** An ISO time so many seconds from NOW_MS. */
export function at(seconds: number): string {
  return new Date(NOW_MS + seconds * 1000).toISOString()
}

type ClaimJson = OperationResult<'claim'>['claims'][number]

export const CLAIM: ClaimJson = {
  id: 'clm_01K0000000000000000000000A',
  repo: 'team/project',
  agent: 'alice',
  session: 'session-of-alice',
  machine: 'desk-1a2b',
  branch: 'main',
  description: 'rework login',
  kind: 'file',
  pattern: 'src/auth/**',
  symbols: [],
  mode: 'exclusive',
  narrowable: true,
  fence: 4_294_967_298,
  state: 'active',
  granted_at: at(-60),
  expires_at: at(4 * 3600 - 60),
  last_activity: at(-5),
  coexists_with: [],
  narrowed_by: [],
  except: [],
}

export const CONFLICT: OperationResult<'claim'>['conflicts'][number] = {
  your_pattern: 'src/auth/login.ts',
  your_symbols: [],
  claim: CLAIM,
  overlap: ['src/auth/login.ts'],
  symbol_overlap: [],
  lock_delay_s: null,
}

export const EMPTY_CLAIMS: OperationResult<'claims'> = {
  claims: [],
  more: 0,
  recent: [],
  as_of: { term: 1, index: 2, age_ms: 0 },
}

type Place = NonNullable<OperationResult<'claim'>['queue']>

const WAITER: OperationResult<'claim'>['waiters'][number] = {
  id: 'que_01K0000000000000000000000A',
  agent: 'bob',
  session: 'session-of-bob',
  machine: 'desk-1a2b',
  patterns: ['src/auth/login.ts'],
  scopes: [{ kind: 'file', pattern: 'src/auth/login.ts', symbols: [], mode: 'exclusive' }],
  urgency: 'normal',
  description: '',
  joined_at: at(-30),
  expires_at: at(570),
}

export const PLACE: Place = { ...WAITER, position: 1, ahead: [], ended: null }

export const BEHIND: Place = {
  ...WAITER,
  id: 'que_01K0000000000000000000000B',
  agent: 'me',
  session: 'mine',
  position: 2,
  ahead: [WAITER],
  ended: null,
}

export const REQUEST: OperationResult<'request'>['request'] = {
  id: 'req_01K0000000000000000000000A',
  claim: CLAIM.id,
  pattern: 'src/auth/**',
  holder: 'alice',
  holder_session: 'theirs',
  requester: 'bob',
  requester_session: 'mine',
  reason: 'hotfix',
  urgency: 'normal',
  scope: 'src/auth/login.ts',
  filed_at: at(0),
  answer_by: at(300),
  decision: 'pending',
  note: '',
  ended_at: null,
  granted: [],
}
