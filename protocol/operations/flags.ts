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

export const KEY: FlagSpec = {
  flag: '--key',
  field: 'idempotency_key',
  type: 'text',
  value: 'KEY',
  help: 'the same key gives the same answer again',
}

export const URGENCY: FlagSpec = {
  flag: '--urgency',
  field: 'urgency',
  type: 'text',
  value: 'LEVEL',
  oneOf: URGENCIES,
  help: 'low, normal, high or blocking; rises with each minute of waiting',
}

export const BRANCH: FlagSpec = {
  flag: '--branch',
  field: 'branch',
  type: 'text',
  value: 'NAME',
  help: "the branch of the work (the checkout's)",
}

/** Of a task. */
export const AGAIN: FlagSpec = {
  flag: '--again',
  field: 'again',
  type: 'switch',
  help: 'although it was completed',
}

/** Of a worker. */
export const MODEL: FlagSpec = {
  flag: '--model',
  field: 'model',
  type: 'text',
  value: 'M',
  help: 'instead of the settings',
}

export const WAIT: FlagSpec = {
  flag: '--wait',
  field: 'wait_s',
  type: 'duration',
  value: 'TIME',
  help: 'wait in the queue for what blocks (at most 10m)',
}

export const DESCRIPTION: FlagSpec = {
  flag: '--description',
  field: 'description',
  type: 'text',
  value: 'TEXT',
  help: 'what for: shown to whoever is refused',
}
