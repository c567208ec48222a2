// The harnesses that skein speaks with. A file of its own: every command loads their names, for its help.
export const HARNESSES = ['claude', 'codex', 'cursor'] as const
/** A coding agent's program, by whose rules payloads are read and answers written. */
export type HarnessName = (typeof HARNESSES)[number]
