// Programs of others, as they are found on the PATH.
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

/** The first executable of a name on the PATH. */
export function findProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    // An empty entry is the working directory, where a repository would choose the program.
    if (!path.isAbsolute(folder)) continue
    const file = path.join(folder, name)
    if (isExecutable(file)) return file
  }
  return null
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
