// Each door for a moment; `npm run fuzz` does it for as long as one likes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DOORS, type DoorName } from '../fuzz/doors.ts'
import { fuzz } from '../fuzz/run.ts'

const INPUTS: Readonly<Record<DoorName, number>> = {
  http: 1_500,
  'mcp-http': 400,
  mcp: 200,
  greeting: 200,
  cli: 40,
}

describe('inputs that are almost right', () => {
  for (const door of Object.keys(DOORS) as DoorName[]) {
    it(`are no fault of the daemon: ${door}`, async (t) => {
      const { inputs, faults } = await fuzz(t, {
        door,
        seed: 7,
        inputsMax: INPUTS[door],
        msMax: 60_000,
      })
      assert.deepEqual(faults, [])
      assert.ok(inputs > 0)
    })
  }
})
