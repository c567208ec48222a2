// Inputs and results of the operations as types.
import type { z } from 'zod'
import type { callerShape } from './input-parts.ts'
import type { INPUTS } from './inputs.ts'
import type { auditEventShape, OUTPUTS } from './outputs.ts'
import type { OperationName } from './table.ts'

export type OperationInput<Name extends OperationName> = z.infer<(typeof INPUTS)[Name]>
export type OperationResult<Name extends OperationName> = DeepReadonly<
  z.infer<(typeof OUTPUTS)[Name]>
>
export type CallerFields = Pick<OperationInput<'status'>, keyof typeof callerShape>
export type AuditEventJson = z.infer<typeof auditEventShape>

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T
