// Where paths lie to each other; nothing is looked up on the disk.
import path from 'node:path'

/** The path from a folder to a place in it, empty for the folder itself; null outside. Both absolute. */
export function relativeInside(folder: string, place: string): string | null {
  const relative = path.relative(folder, place)
  const isOutside = relative === '..' || relative.startsWith(`..${path.sep}`)
  return isOutside || path.isAbsolute(relative) ? null : relative
}
