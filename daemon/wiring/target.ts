// A file that may be written: looked at without following a link, so that nothing outside of its folder is ever changed.
import { lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { codeOf } from '../home.ts'

/** Larger than any settings file, smaller than what would be slow to show. */
const BYTES_MAX = 1024 * 1024

export type Target =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly mode: number }
  | { readonly kind: 'link'; readonly at: string }
  | { readonly kind: 'unusable'; readonly why: string }

/** @param base is taken as it is; below it nothing may be a symbolic link. */
export function lookAt(base: string, file: string): Target {
  const parts = path.relative(base, file).split(path.sep)
  let at = base
  try {
    for (const part of parts) {
      at = path.join(at, part)
      const stat = lstatSync(at, { throwIfNoEntry: false })
      if (stat === undefined) return { kind: 'absent' }
      if (stat.isSymbolicLink()) return { kind: 'link', at }
      if (at !== file && !stat.isDirectory()) return { kind: 'unusable', why: `${at} is no folder` }
      if (at !== file) continue
      if (!stat.isFile()) return { kind: 'unusable', why: 'is no file' }
      if (stat.size > BYTES_MAX) return { kind: 'unusable', why: 'is larger than 1 MiB' }
      return { kind: 'file', bytes: readFileSync(file), mode: stat.mode & 0o777 }
    }
  } catch (error) {
    return { kind: 'unusable', why: `cannot be read (${codeOf(error) ?? 'unknown'})` }
  }
  return { kind: 'unusable', why: 'is no file' }
}

/** The text of a file; null where its bytes are none. */
export function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : null
}
