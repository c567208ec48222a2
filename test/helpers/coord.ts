// A client of coord as its users write them: HTTP on the loopback port, with the bearer token.
import { createClient, type ApiClient } from './api.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import type { Daemon } from './daemon.ts'

export interface CoordConflict {
  readonly your_pattern: string
  readonly your_symbols: readonly string[]
  readonly conflicting_claim: {
    readonly id: string
    readonly engineer: string
    readonly pattern: string
    readonly severity: string
    readonly description: string | null
    readonly expires_at: string
    readonly scope_type: string
    readonly symbols?: readonly string[]
  }
  readonly overlap: readonly string[]
  readonly symbol_overlap?: readonly {
    readonly file: string
    readonly symbols: readonly string[]
  }[]
  /** Of a check. */
  readonly engineer: string
  readonly pattern: string
  readonly claim_id: string
  readonly expires_at: string
}

export interface CoordClaim {
  readonly id: string
  readonly engineer: string
  readonly branch: string | null
  readonly description: string | null
  readonly claim_type: string
  readonly pattern: string
  readonly severity: string
  readonly created_at: string
  readonly expires_at: string
  readonly released_at: string | null
  readonly repo: string
  readonly session_id: string | null
  readonly coexists_with: string | null
  readonly scope_type: string
  readonly narrowable: boolean
  readonly symbols: readonly string[]
  readonly fence: number
  readonly state: string
  readonly release_reason?: string
}

export interface CoordRequest {
  readonly kind: string
  readonly id: string
  readonly claim_id: string
  readonly requester_engineer: string
  readonly requester_session_id: string | null
  readonly requested_pattern: string
  readonly requested_scope: string | null
  readonly reason: string
  readonly urgency: string
  readonly decision: string
  readonly decided_at: string | null
  readonly decided_by_engineer: string | null
  readonly decided_by_session_id: string | null
  readonly note: string | null
  readonly created_at: string
  readonly granted_claim_ids: readonly string[]
  readonly holder_engineer: string
  readonly holder_repo: string
  /** Of a place in the queue. */
  readonly queue_id: string
  readonly position: number
  readonly state: string
  readonly blocking_claim_id: string | null
  readonly blocking_engineer: string | null
  readonly blocking_pattern: string | null
  readonly requester_pattern: string
  readonly claim_type: string
  readonly priority: string
  /** Of an attempt that a claim refused, and of symbols granted out of one. */
  readonly attempted_by: string
  readonly attempted_pattern: string
  readonly attempted_session_id: string | null
  readonly holder_pattern: string
  readonly partner_engineer: string
  readonly symbols: readonly string[] | null
}

export interface CoordEvent {
  readonly event_type: string
  readonly actor_engineer: string
  readonly actor_session_id: string | null
  readonly detail: string
  readonly request_id: string
  readonly created_at: string
}

export interface CoordProblem {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

/** Fields of all answers: each test looks at those of its own. */
export interface CoordBody extends CoordRequest {
  readonly detail: string & readonly CoordProblem[]
  readonly claim_ids: readonly string[]
  readonly conflicts: readonly CoordConflict[]
  readonly warnings: readonly string[]
  readonly options: readonly string[]
  readonly actions: readonly { readonly action: string; readonly command: string }[]
  readonly fence: number
  readonly queue: { readonly queue_id: string; readonly ended: string | null } | null
  readonly claims: readonly CoordClaim[]
  readonly count: number
  readonly released: number
  readonly ok: boolean
  readonly cancelled: boolean
  readonly has_conflicts: boolean
  readonly safe: boolean
  readonly safe_to_proceed: boolean
  readonly suggestion: string | null
  readonly requests: readonly CoordRequest[]
  readonly queued: boolean
  readonly pending: readonly CoordRequest[]
  readonly events: readonly CoordEvent[]
  readonly expires_at: string
  readonly session_id: string
  readonly repos: readonly {
    readonly repo: string
    readonly active_claims: number
    readonly claims_24h: number
    readonly engineers_24h: number
    readonly last_activity: string | null
    readonly auto_resolutions_24h: { readonly auto_coexist: number; readonly auto_narrow: number }
  }[]
  readonly series: readonly {
    readonly repo: string
    readonly date: string
    readonly auto_coexist: number
    readonly auto_narrow: number
  }[]
  readonly days: number
  readonly scope: string
  readonly retry_after: number
}

export interface CoordAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: CoordBody
}

type Headers = Readonly<Record<string, string>>

export interface CoordClient {
  readonly api: ApiClient
  get(path: string, headers?: Headers): Promise<CoordAnswer>
  post(path: string, body?: object | string, headers?: Headers): Promise<CoordAnswer>
  remove(path: string, headers?: Headers): Promise<CoordAnswer>
}

export async function coordClient(cleaner: Cleaner, daemon: Daemon): Promise<CoordClient> {
  // Many wait at once in some tests.
  const api = createClient(await daemon.tcp(), { connections: 32 })
  onCleanup(cleaner, () => {
    api.close()
  })
  const send = async (
    method: string,
    path: string,
    headers: Headers,
    body?: object | string,
  ): Promise<CoordAnswer> => {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const answer = await api.request({
      method,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      ...(text === undefined ? {} : { body: text }),
      timeoutMs: 60_000,
    })
    return { ...answer, body: JSON.parse(answer.body) as CoordBody }
  }
  return {
    api,
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, body, headers = {}) => send('POST', path, headers, body),
    remove: (path, headers = {}) => send('DELETE', path, headers),
  }
}
