// When the last working day of each repository ended, as somebody here said: a small file in the home. When a day begins nobody says:
// with the first assignment after that.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { codeOf, replaceFile } from './home.ts'

const FILE = 'working-days.json'
const REPOS_MAX = 1_000
const schema = z.record(z.string(), z.object({ ended_at_ms: z.number() }))

export interface WorkingDays {
  /** Milliseconds since 1970; null: none was ended here. */
  endedAtMs(repo: string): number | null
  end(repo: string, atMs: number): void
}

export function openWorkingDays(home: string): WorkingDays {
  const file = path.join(home, FILE)
  return {
    endedAtMs: (repo) => read(file)[repo]?.ended_at_ms ?? null,
    end(repo, atMs) {
      const others = Object.entries(read(file)).filter(([id]) => id !== repo)
      const kept = others.slice(-(REPOS_MAX - 1))
      const days = { ...Object.fromEntries(kept), [repo]: { ended_at_ms: atMs } }
      replaceFile(file, `${JSON.stringify(days, null, 2)}\n`)
    },
  }
}

/** One that cannot be read says nothing: the next end writes it anew. */
function read(file: string): z.infer<typeof schema> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {}
    throw error
  }
  try {
    return schema.catch({}).parse(JSON.parse(text))
  } catch {
    return {}
  }
}
