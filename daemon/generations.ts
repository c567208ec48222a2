// The greatest generation of each repository's ledger that this machine has seen go: a new ledger of the same repository
// takes one above it, so that no fence comes twice.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, type RepoId } from '../protocol/index.ts'
import { replaceFile } from './home.ts'

export function noteGeneration(home: string, repo: RepoId, generation: number): void {
  const known = read(home)
  if ((known[repo] ?? 0) >= generation) return
  replaceFile(fileIn(home), `${JSON.stringify({ ...known, [repo]: generation }, null, 2)}\n`)
}

/** 0: none has gone. */
export function generationSeen(home: string, repo: RepoId): number {
  return read(home)[repo] ?? 0
}

function read(home: string): Readonly<Record<string, number>> {
  const file = fileIn(home)
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
  } catch (cause) {
    throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read.`, { cause })
  }
}

function fileIn(home: string): string {
  return path.join(home, 'generations.json')
}
