// Claims as boards are given them, made of the few fields that a test is about.
import { asClaimId, asRepoId, asSessionId, type Claim } from '../../protocol/index.ts'

let claims = 0

export function aClaim(more: Partial<Claim> = {}): Claim {
  claims += 1
  return {
    id: asClaimId(`clm_${String(claims).padStart(26, '0')}`),
    repo: asRepoId('team/proj'),
    agent: 'ann',
    session: asSessionId('s1'),
    machine: 'ada',
    branch: 'main',
    description: '',
    kind: 'file',
    pattern: 'src/a.ts',
    symbols: [],
    mode: 'exclusive',
    narrowable: true,
    fence: 4_294_967_296 + claims,
    state: 'active',
    granted_at: '2026-01-01T10:00:00.000Z',
    expires_at: '2026-01-01T14:00:00.000Z',
    last_activity: '2026-01-01T10:00:00.000Z',
    coexists_with: [],
    narrowed_by: [],
    except: [],
    ...more,
  }
}
