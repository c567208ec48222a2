// A folder of the home that holds the helper of pushes under the name by which git looks for it: it may not be on this user's path.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { shellLiteral } from '../../protocol/index.ts'

/** @param helper as words that start it */
export function helperFolder(home: string, helper: readonly string[]): string {
  const folder = path.join(home, 'bin')
  const file = path.join(folder, 'git-remote-skein')
  const quoted = helper.map(shellLiteral).join(' ')
  const text = `#!/bin/sh\nexec ${quoted} "$@"\n`
  if (readIfThere(file) !== text) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(file, text)
    chmodSync(file, 0o755)
  }
  return folder
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
