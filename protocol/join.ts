// What a machine signs to join a mesh with an invitation: the one-time key of the invitation signs who comes with it, so
// that whoever overhears a join cannot bring another machine in by it.
import type { InvitationId, PeerId } from './ids.ts'

/** How the text of an invitation begins. */
export const INVITATION_PREFIX = 'skein1'

const encoder = new TextEncoder()

/** The bytes under a join's signature; no two joins have the same. */
export function joinBytes(
  mesh: string,
  invitation: InvitationId,
  joiner: PeerId,
  machine: string,
): Uint8Array {
  // JSON keeps the members apart, whatever stands in them.
  return encoder.encode(JSON.stringify(['skein-join', mesh, invitation, joiner, machine]))
}
