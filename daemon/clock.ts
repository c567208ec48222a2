// The machine's clocks. Each says one thing only; which of them counts is decided elsewhere.
import os from 'node:os'
import { bootId } from './client/proc.ts'
import type { Clock } from './ports.ts'

/** Asking the system costs a file read; a suspend is noticed this much later at most. */
const UPTIME_MS = 100

export function createClock(): Clock {
  let uptimeMs = 0
  let askedAt = -Infinity
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    // Counts suspend on Linux (CLOCK_BOOTTIME) and macOS (since kern.boottime).
    uptime() {
      const now = performance.now()
      if (now - askedAt >= UPTIME_MS) {
        // Its steps are coarse: between two askings it must not run backwards.
        uptimeMs = Math.max(uptimeMs + Math.min(now - askedAt, UPTIME_MS), os.uptime() * 1000)
        askedAt = now
      }
      return uptimeMs + (now - askedAt)
    },
    boot: bootId(),
  }
}
