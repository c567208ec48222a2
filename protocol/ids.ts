// Names of things, branded so that one is never passed for another, and ULIDs made from time and chance that the caller
// brings.
import { LIMITS } from './limits.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** `owner/name` or `local/<folder>-<root commit>`. */
export type RepoId = Branded<'RepoId'>
/** libp2p peer id of a machine's ed25519 key. */
export type PeerId = Branded<'PeerId'>
export type SessionId = Branded<'SessionId'>
/** `clm_` + ULID. */
export type ClaimId = Branded<'ClaimId'>
/** `que_` + ULID. */
export type QueueId = Branded<'QueueId'>
/** `req_` + ULID: a request to a holder. */
export type RequestedId = Branded<'RequestedId'>
/** `asg_` + ULID: an assignment of the fleet, and the session of its worker. */
export type AssignmentId = Branded<'AssignmentId'>
/** `inv_` + ULID: an invitation to the mesh. */
export type InvitationId = Branded<'InvitationId'>
/** A request's id: peer, incarnation of its daemon, sequence number. */
export type RequestId = Branded<'RequestId'>

/** Is this text an id that a repository may have: two or more parts, as in `owner/name`? */
export function isRepoId(text: string): boolean {
  return text.length <= LIMITS.nameCharactersMax && REPO_ID.test(text)
}

const REPO_ID = /^(?!\.{1,2}\/)[^\s/\p{C}]+(?:\/(?!\.{1,2}(?:\/|$))[^\s/\p{C}]+)+$/u

export const asRepoId = (text: string): RepoId => text as RepoId
export const asPeerId = (text: string): PeerId => text as PeerId
export const asSessionId = (text: string): SessionId => text as SessionId
export const asClaimId = (text: string): ClaimId => text as ClaimId
export const asRequestedId = (text: string): RequestedId => text as RequestedId
export const asAssignmentId = (text: string): AssignmentId => text as AssignmentId
export const asQueueId = (text: string): QueueId => text as QueueId
export const asInvitationId = (text: string): InvitationId => text as InvitationId
export const asRequestId = (text: string): RequestId => text as RequestId

export type IdPrefix = 'clm' | 'que' | 'req' | 'evt' | 'asg' | 'inv' | 'wip' | 'chk'

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * `<prefix>_<ULID>`: 48 bits of milliseconds since 1970, then 80 bits of chance, in Crockford's base 32.
 * @param entropy at least 10 bytes; the same input gives the same id.
 */
export function makeId(prefix: IdPrefix, milliseconds: number, entropy: Uint8Array): string {
  return `${prefix}_${ulid(milliseconds, entropy)}`
}

/** Milliseconds since 1970 out of an id that `makeId` made; NaN for any other text. */
export function timeOfId(id: string): number {
  const time = /^[a-z]{3}_([0-9A-HJKMNP-TV-Z]{10})/.exec(id)?.[1]
  if (time === undefined) return Number.NaN
  return Array.from(time).reduce((sum, letter) => sum * 32 + CROCKFORD.indexOf(letter), 0)
}

function ulid(milliseconds: number, entropy: Uint8Array): string {
  let text = ''
  let rest = Math.max(0, Math.floor(milliseconds))
  for (let i = 0; i < 10; i++) {
    text = (CROCKFORD[rest % 32] ?? '0') + text
    rest = Math.floor(rest / 32)
  }
  for (let group = 0; group < 2; group++) {
    let low = 0
    for (let i = 0; i < 5; i++) low = low * 256 + (entropy[group * 5 + i] ?? 0)
    let part = ''
    for (let i = 0; i < 8; i++) {
      part = (CROCKFORD[low % 32] ?? '0') + part
      low = Math.floor(low / 32)
    }
    text += part
  }
  return text
}
