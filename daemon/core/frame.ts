import type { PeerId } from '../../protocol/index.ts'

/**
 * One frame of a ledger's durable log, in the order of events.
 * `update`: bytes of a Yjs update. `record`: a record that the document no longer holds but this machine's index does.
 * `promise`: the highest term promised and the vote in it. `meta`: facts of this log (voter id, incarnation, abandoned
 * requests), one JSON object.
 */
export type Frame =
  | { readonly kind: 'update'; readonly bytes: Uint8Array }
  | { readonly kind: 'record'; readonly bytes: Uint8Array }
  | { readonly kind: 'promise'; readonly term: number; readonly votedFor: PeerId | null }
  | { readonly kind: 'meta'; readonly value: Readonly<Record<string, unknown>> }
