// What a worker says of itself in lines of plain text: `STATUS: did → next → confidence`, and `STUCK: tried, why, blocker` when it
// needs a person.
import type { Confidence } from '../../protocol/index.ts'

export type Sign =
  | { readonly kind: 'status'; readonly text: string; readonly confidence: Confidence | null }
  | { readonly kind: 'stuck'; readonly text: string }

const TEXT_CHARACTERS_MAX = 500

export function signsIn(text: string): readonly Sign[] {
  return text.split('\n').flatMap((line): Sign[] => {
    const [, word, rest = ''] = /^[\s*`#>-]*(STATUS|STUCK):\s*(.*?)[\s*`]*$/.exec(line) ?? []
    const said = rest.slice(0, TEXT_CHARACTERS_MAX)
    if (word === 'STUCK') return [{ kind: 'stuck', text: said }]
    if (word === 'STATUS') return [{ kind: 'status', text: said, confidence: confidenceIn(said) }]
    return []
  })
}

function confidenceIn(text: string): Confidence | null {
  const found =
    /confidence:?\s*(high|medium|low)/i.exec(text) ?? /(high|medium|low)\s*$/i.exec(text)
  return (found?.[1]?.toLowerCase() ?? null) as Confidence | null
}
