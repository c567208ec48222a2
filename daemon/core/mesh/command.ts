// What can be asked of the mesh ledger, as plain data.
import type { InvitationId, MemberRole, PeerId, RepoId } from '../../../protocol/index.ts'

export type MeshCommand =
  | MemberCommand
  | InviteCommand
  | UninviteCommand
  | JoinCommand
  | RoleCommand
  | RemoveMemberCommand
  | EnrolCommand
  | AttachCommand

/** A machine says what has changed of it: its own word, and of nobody else. */
export interface MemberCommand {
  readonly kind: 'member'
  readonly peer: PeerId
  readonly machine: string
  readonly addresses: readonly string[]
  readonly version: number
}

export interface InviteCommand {
  readonly kind: 'invite'
  readonly id: InvitationId
  /** The public half of the one-time key. */
  readonly key: PeerId
  readonly role: MemberRole
  readonly lifeSeconds: number
  readonly by: string
}

export interface UninviteCommand {
  readonly kind: 'uninvite'
  readonly ids: readonly InvitationId[]
}

/** A machine redeems its invitation, through any member. */
export interface JoinCommand {
  readonly kind: 'join'
  readonly invitation: InvitationId
  readonly peer: PeerId
  readonly machine: string
  readonly addresses: readonly string[]
  readonly version: number
  /** By the one-time key, over `joinBytes`. Base 64. */
  readonly signature: string
}

export interface RoleCommand {
  readonly kind: 'role'
  readonly peer: PeerId
  readonly role: MemberRole
}

export interface RemoveMemberCommand {
  readonly kind: 'remove-member'
  readonly peer: PeerId
  readonly reason: 'removed' | 'left'
  readonly by: string
}

/** Fixes a repository's ledger in the mesh: the founder has written its genesis before it asks. */
export interface EnrolCommand {
  readonly kind: 'enrol'
  readonly repo: RepoId
  readonly peer: PeerId
  readonly roots: readonly string[]
  readonly generation: number
  readonly genesis: string
  /** Of the ledger in whose place it comes, whose majority is lost: whoever asks first has it. */
  readonly replaces?: string
}

/** A member that has the repository vouches for another one that has shown the same history. */
export interface AttachCommand {
  readonly kind: 'attach'
  readonly repo: RepoId
  readonly peer: PeerId
}
