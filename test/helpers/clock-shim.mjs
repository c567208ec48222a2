// Loaded into a daemon before its program: a clock that runs faster than the world's (SKEIN_TEST_CLOCK_RATE) and a wall
// clock that stands elsewhere (the number in the file SKEIN_TEST_CLOCK_STEP, in milliseconds, read anew all the time).
import fs from 'node:fs'
import os from 'node:os'
import { syncBuiltinESMExports } from 'node:module'

const rate = Number(process.env.SKEIN_TEST_CLOCK_RATE ?? '1')
const file = process.env.SKEIN_TEST_CLOCK_STEP
const { now: wallNow } = Date
const monotonicNow = performance.now.bind(performance)
const uptimeNow = os.uptime.bind(os)
const from = { wall: wallNow(), monotonic: monotonicNow(), uptime: uptimeNow() }

function step() {
  if (file === undefined) return 0
  try {
    return Number(fs.readFileSync(file, 'utf8')) || 0
  } catch {
    return 0
  }
}

const elapsed = () => monotonicNow() - from.monotonic
Date.now = () => Math.round(from.wall + elapsed() * rate + step())
performance.now = () => from.monotonic + elapsed() * rate
os.uptime = () => from.uptime + (elapsed() * rate) / 1000
syncBuiltinESMExports()
