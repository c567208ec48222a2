// What the file system says of a path, for those whom a failure tells nothing more than absence: a folder in the middle has become
// a file or a link to itself, or may not be entered.
import { lstatSync, type Stats } from 'node:fs'

/** Of the path itself, not of what it links to; null: it is not there, or nobody can tell. */
export function lstatOrNull(place: string): Stats | null {
  try {
    return lstatSync(place)
  } catch {
    return null
  }
}
