// The fake language server as a program on a PATH of its own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cleaner } from './cleanup.ts'
import { makeFolder } from './repo.ts'

export interface FakeServer {
  /** To put in front of PATH. */
  readonly folder: string
  /** The parameters of the last request for references; null before the first one. */
  asked(): unknown
  /** Of its last run. */
  pid(): number
}

export interface FakePlan {
  readonly references?: readonly {
    readonly file: string
    readonly line: number
    readonly column: number
  }[]
  readonly mode?: 'silent' | 'garbage' | 'eager'
}

const SCRIPT = fileURLToPath(new URL('fake-language-server.mjs', import.meta.url))

export function makeLanguageServer(
  cleaner: Cleaner,
  program: string,
  { references = [], mode }: FakePlan,
): FakeServer {
  const folder = makeFolder(cleaner, 'skein-lsp-')
  const plan = path.join(folder, 'plan.json')
  writeFileSync(plan, JSON.stringify({ references, mode }))
  const words = [process.execPath, SCRIPT, plan].map((word) => `'${word}'`).join(' ')
  writeFileSync(path.join(folder, program), `#!/bin/sh\nexec ${words}\n`, { mode: 0o755 })
  const asked = `${plan}.asked`
  return {
    folder,
    asked: () => (existsSync(asked) ? JSON.parse(readFileSync(asked, 'utf8')) : null) as unknown,
    pid: () => Number(readFileSync(`${plan}.pid`, 'utf8')),
  }
}
