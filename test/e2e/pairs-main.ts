// `tsx test/e2e/pairs-main.ts [--pairs 10000] [--seed 1]`: do `check` and `claim` agree? Exits 1 when they do not.
import { parseArgs } from 'node:util'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon } from '../helpers/daemon.ts'
import { makeRepo } from '../helpers/repo.ts'
import { comparePairs } from './pairs.ts'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
})

const cleaner = createCleaner()
try {
  const skeinYml = 'repo: test/pairs\nlimits: {files: 100000, ratio: 1}\n'
  const cwd = makeRepo(cleaner, { skeinYml, files: ['README.md'] })
  const { client } = await startDaemon(cleaner)
  const [pairs, seed] = [Number(values.pairs), Number(values.seed)]
  const { differences, refused, bad } = await comparePairs(client, { cwd, pairs, seed })
  for (const difference of differences) process.stdout.write(`DIFFERENCE ${difference}\n`)
  if (differences.length > 0) process.exitCode = 1
  process.stdout.write(
    `seed ${values.seed}, ${values.pairs} pairs: ${String(refused)} refused, ${String(bad)} with a bad pattern, ${String(differences.length)} differences\n`,
  )
} finally {
  await cleaner.run()
}
