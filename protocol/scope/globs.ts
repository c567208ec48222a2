// A pattern's alternatives in the words of others: as paths and as globs without braces, for programs that know only those.
import { cutSegments, expandBraces, joinSegments, readingsOf, spelling } from './normal.ts'
import { printNodes, readNodes } from './syntax.ts'

export interface Glob {
  /** The path itself, with all below; or a glob with `*`, `**`, `?` and classes, where a backslash takes a sign for itself. */
  readonly kind: 'path' | 'glob'
  readonly text: string
}

/** @param text of a pattern that was parsed before. */
export function globsOf(text: string): readonly Glob[] {
  return expandBraces(readNodes(text))
    .flatMap(readingsOf)
    .map((nodes): Glob => {
      const segments = cutSegments(nodes)
      const names = segments.map(spelling)
      if (names.every((name) => name !== null)) return { kind: 'path', text: names.join('/') }
      return { kind: 'glob', text: printNodes(joinSegments(segments)) }
    })
}
