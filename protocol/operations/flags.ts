// Flags that several operations have.
import type { FlagSpec } from './spec.ts'

/** Of acts of a person. */
export const YES: FlagSpec = {
  flag: '--yes',
  field: 'yes',
  type: 'switch',
  help: 'do not ask (only with `trust_scripts: true`)',
}
