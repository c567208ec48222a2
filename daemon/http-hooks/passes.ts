// What the hooks of one checkout show at the HTTP port: a token that asks for verdicts and for nothing else. The home keeps a
// hash for each checkout, in a file that init writes and uninstall removes: a pass begins and ends without the daemon.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { codeOf } from '../home.ts'

export interface Pass {
  /** Names the checkout, and is no secret. */
  readonly id: string
  readonly root: string
}

const SECRET_BYTES = 32
const PASS = /^skein_h_([0-9a-f]{16})_[0-9a-f]{64}$/
const FILE = /^([0-9a-f]{16})\.json$/
const rowSchema = z.object({ root: z.string(), hash: z.string() })

export function passesFolder(home: string): string {
  return path.join(home, 'http-hooks')
}

export function passId(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 16)
}

export function passFile(home: string, root: string): string {
  return path.join(passesFolder(home), `${passId(root)}.json`)
}

/** A new one. @returns its text, which is kept nowhere else, and what the home keeps of it. */
export function makePass(root: string): { readonly text: string; readonly kept: string } {
  const text = `skein_h_${passId(root)}_${randomBytes(SECRET_BYTES).toString('hex')}`
  return { text, kept: `${JSON.stringify({ root, hash: hashOf(text) })}\n` }
}

/** Null for a text that is no pass, or whose file is gone. Looks at the disk: what was removed a moment ago is over. */
export function findPass(home: string, text: string): Pass | null {
  const [, id] = PASS.exec(text) ?? []
  const row = id === undefined ? null : readRow(home, id)
  if (id === undefined || row === null) return null
  const [given, wanted] = [Buffer.from(hashOf(text)), Buffer.from(row.hash)]
  const isSame = given.length === wanted.length && timingSafeEqual(given, wanted)
  return isSame ? { id, root: row.root } : null
}

/** Every checkout that has one. */
export function listPasses(home: string): readonly Pass[] {
  return namesIn(passesFolder(home)).flatMap((name) => {
    const [, id] = FILE.exec(name) ?? []
    const row = id === undefined ? null : readRow(home, id)
    return id === undefined || row === null ? [] : [{ id, root: row.root }]
  })
}

function readRow(home: string, id: string): z.infer<typeof rowSchema> | null {
  try {
    const text = readFileSync(path.join(passesFolder(home), `${id}.json`), 'utf8')
    return rowSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
