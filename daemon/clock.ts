// The machine's clocks. Each says one thing only; which of them counts is decided elsewhere.
import os from 'node:os'
import { bootId } from './client/proc.ts'
import type { Clock } from './ports.ts'

export function createClock(): Clock {
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    // Counts suspend on Linux (CLOCK_BOOTTIME) and macOS (since kern.boottime).
    uptime: () => os.uptime() * 1000,
    boot: bootId(),
  }
}
