// `npx tsx test/sim/mutants-run.ts [ID …]`: how many seeds it takes to catch each mutant.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { detect, loadMutant, MUTANTS } from './mutants.ts'

const TIME_MS = 10 * 60_000

const wanted = process.argv.slice(2)
const folder = mkdtempSync(path.join(tmpdir(), 'skein-mutants-'))
try {
  for (const mutant of MUTANTS) {
    if (wanted.length > 0 && !wanted.includes(mutant.id)) continue
    const found = detect(mutant, await loadMutant(mutant.edits, folder, mutant.id), TIME_MS)
    const how = found.kind === 'caught' ? `${found.by}: ${found.message}` : found.kind
    process.stdout.write(`${mutant.id}  ${how.split('\n')[0] ?? ''}\n`)
    if (found.kind !== 'caught') process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
