// What a person types to see less: words that must all occur, `key:word` for one field of a row, `-word` for what must not.
// Pure; the same in every board.

/** Of a row, by name: what can be looked for. */
export type SearchFields = Readonly<Record<string, string>>

export interface Filter {
  readonly terms: readonly Term[]
}

interface Term {
  /** Null: in any field. */
  readonly field: string | null
  readonly text: string
  readonly isNegated: boolean
}

export const NO_FILTER: Filter = { terms: [] }

/** Never fails: what is half typed matches as far as it goes. */
export function parseFilter(text: string): Filter {
  const words = text.toLowerCase().split(/\s+/)
  const terms = words.flatMap((word): Term[] => {
    const isNegated = word.length > 1 && word.startsWith('-')
    const said = isNegated ? word.slice(1) : word
    const [, field, rest] = /^([a-z]+):(.*)$/.exec(said) ?? []
    // `A::b` and `req:` of somebody who is not done typing are no fields.
    const isField = field !== undefined && rest !== undefined && !rest.startsWith(':')
    const term = isField ? { field, text: rest } : { field: null, text: said }
    return term.text === '' ? [] : [{ ...term, isNegated }]
  })
  return terms.length === 0 ? NO_FILTER : { terms }
}

/** A field that the row does not have matches nothing. */
export function matchesFilter({ terms }: Filter, fields: SearchFields): boolean {
  return terms.every((term) => {
    const found =
      term.field === null
        ? Object.values(fields).some((value) => holds(value, term.text))
        : holds(fields[term.field] ?? '', term.text)
    return found !== term.isNegated
  })
}

function holds(value: string, text: string): boolean {
  return value.toLowerCase().includes(text)
}
