// `npm run scale [-- --quick] [--write]`: what a mesh costs by the number of its machines and repositories, and what breaks
// first. Prints tables; `--write` puts them into docs/SCALING.md.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { format } from 'prettier'
import { useSha256 } from '../../protocol/index.ts'
import { sha256 } from '../../daemon/sha256.ts'
import { ROOT } from '../ground.ts'
import { measure, type Measured, type Shape } from './measure.ts'
import { measureMeshState } from './mesh-state.ts'
import { renderPage, type MeshSize } from './page.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

useSha256(sha256)
// Code that is not compiled yet, and what it keeps for good, are nobody's.
for (const shape of fanShapes().slice(0, 1)) measure(shape)
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const page = renderPage({
  quick: values.quick,
  load: os.loadavg()[0] ?? 0,
  fan: fanShapes().map(measured),
  wide: wideShapes().map(measured),
  sizes: meshSizes(),
})
process.stdout.write(page)
if (values.write) {
  const file = path.join('docs', 'SCALING.md')
  writeFileSync(path.join(ROOT, file), await format(page, { parser: 'markdown', printWidth: 100 }))
  say(`wrote ${file}`)
}

/** Every machine has every repository: real documents. */
function fanShapes(): readonly Shape[] {
  const machines = values.quick ? [3, 10] : [3, 10, 25, 50]
  return machines.map((count) => ({
    ...{ machines: count, active: values.quick ? 2 : 10, copies: count, isYjs: true },
    ...{ voters: Math.min(5, count), everyMs: 1_000 },
  }))
}

/** Each repository is on eight machines, and one in twenty is worked in: plain documents. */
function wideShapes(): readonly Shape[] {
  const machines = values.quick ? [10, 100] : [10, 100, 1_000]
  return machines.map((count) => ({
    ...{ machines: count, active: Math.max(1, count / 10), copies: 8, isYjs: false },
    ...{ voters: 5, everyMs: 10_000 },
  }))
}

function meshSizes(): readonly MeshSize[] {
  const machines = values.quick ? [10, 100] : [10, 100, 1_000]
  return machines.map((count) => ({
    machines: count,
    repos: 2 * count,
    ...measureMeshState(count, 2 * count, 8),
  }))
}

function measured(shape: Shape): Measured {
  const startedAt = performance.now()
  const found = measure(shape)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  say(`${String(shape.machines)} machines, ${String(shape.active)} ledgers: ${seconds} s`)
  return found
}
