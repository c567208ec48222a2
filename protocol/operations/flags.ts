// Flags that several operations have.
import type { FlagSpec } from './spec.ts'

/** From the least to the most. */
export const URGENCIES = ['low', 'normal', 'high', 'blocking'] as const

/** Whose things are meant; the help says which. */
export const OF_AGENT = {
  flag: '--of-agent',
  field: 'of_agent',
  type: 'text',
  value: 'AGENT',
  names: 'agent',
} as const
export const OF_SESSION = {
  flag: '--of-session',
  field: 'of_session',
  type: 'text',
  value: 'SESSION',
  names: 'session',
} as const

/** Of acts of a person. */
export const YES: FlagSpec = {
  flag: '--yes',
  field: 'yes',
  type: 'switch',
  help: 'do not ask (only with `trust_scripts: true`)',
}
