// What a tool call is about to do, as far as its words tell.
import type { FileEdit } from '../../ports-symbols.ts'

export interface PlannedEdit {
  /** As it was written: absolute, or from the working directory. */
  readonly path: string
  readonly edit: FileEdit
}

export type Act =
  | { readonly kind: 'none' }
  | { readonly kind: 'edits'; readonly edits: readonly PlannedEdit[] }
  | { readonly kind: 'shell'; readonly command: string; readonly folder: string | null }
  /** It may write, and its words do not say where. */
  | { readonly kind: 'unknown' }

export const NONE: Act = { kind: 'none' }
export const UNKNOWN: Act = { kind: 'unknown' }

/** Any content. */
export const REWRITE: FileEdit = { kind: 'whole', text: null }
