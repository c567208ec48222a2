// A line of JSON of a stranger, and its fields: whatever they are, what comes out has the type that was asked for, and is bounded.

export type Fields = Readonly<Record<string, unknown>>

const TEXT_MAX = 300

/** Null: no object. A line that was cut is none. */
export function readFields(line: string): Fields | null {
  if (!line.startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Fields) : null
  } catch {
    return null
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}

export function textOf(value: unknown, most = TEXT_MAX): string {
  return typeof value === 'string' ? value.slice(0, most) : ''
}

export function nameOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : null
}
