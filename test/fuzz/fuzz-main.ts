// `npm run fuzz -- [--door http|mcp|greeting|mcp-http|cli] [--minutes 10] [--seed 1]`: exits 1 on a fault.
import { parseArgs } from 'node:util'
import { createCleaner } from '../helpers/cleanup.ts'
import { DOORS, type DoorName } from './doors.ts'
import { fuzz } from './run.ts'

const { values } = parseArgs({
  options: {
    door: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
})

const all = Object.keys(DOORS) as DoorName[]
const doors = values.door === undefined ? all : all.filter((name) => name === values.door)
if (doors.length === 0) throw new Error(`no such door; there are ${all.join(', ')}`)
for (const door of doors) {
  const cleaner = createCleaner()
  try {
    const seed = Number(values.seed)
    const msMax = Number(values.minutes) * 60_000
    const { inputs, told, faults, memory } = await fuzz(cleaner, {
      door,
      seed,
      msMax,
      inputsMax: Infinity,
    })
    for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`)
    if (faults.length > 0) process.exitCode = 1
    const counts = [...told].map(([what, count]) => `${what} ${String(count)}`).join(', ')
    const [warm, end] = memory.map((mib) => mib.toFixed(0))
    process.stdout.write(
      `${door}, seed ${values.seed}: ${String(inputs)} inputs (${counts}), ${String(faults.length)} faults, memory ${warm ?? ''} -> ${end ?? ''} MiB\n`,
    )
  } finally {
    await cleaner.run()
  }
}
