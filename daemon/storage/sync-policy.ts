// Chooses, sync by sync, between blocking the event loop (fdatasyncSync) and the thread pool (fdatasync).
//
// Blocking is faster on a fast disk: some 0.13 ms against 0.21 ms and a tail of milliseconds through the pool, and every
// grant waits for it. On a slow disk (a laptop's sync takes 1 to 10 ms) it would stop heartbeats and every other repo.
//
// 1. Blocks only while the last 16 syncs had a median under 0.5 ms and none was above 2 ms: what is lost at worst is then
//    about what the pool would have cost.
// 2. Until there are 16 figures, the pool.
// 3. A busy loop notices the pool's answer late, so pooled figures can be too high but never too low. If one of the 16 was
//    fast, the disk can be: after 64 pooled syncs up to 16 blocking ones probe it, and the first above 2 ms ends the probe.
//    A disk that was never fast is never probed.

export interface SyncPolicy {
  /** May the next sync block the loop? */
  mayBlock(): boolean
  /** Takes the duration of a sync, made in the way that mayBlock said. */
  observe(milliseconds: number, hasBlocked: boolean): void
}

const WINDOW = 16
const MEDIAN_MS_MAX = 0.5
const SINGLE_MS_MAX = 2
const POOLED_BEFORE_PROBE = 64

export function createSyncPolicy(): SyncPolicy {
  let window: readonly number[] = []
  let isFast = false
  let pooledRun = 0
  let probesLeft = 0
  return {
    mayBlock: () => isFast || probesLeft > 0,
    observe(milliseconds, hasBlocked) {
      window = [...window.slice(1 - WINDOW), milliseconds]
      isFast = isFastDisk(window)
      pooledRun = hasBlocked ? 0 : pooledRun + 1
      if (hasBlocked) probesLeft = milliseconds > SINGLE_MS_MAX ? 0 : Math.max(0, probesLeft - 1)
      if (pooledRun >= POOLED_BEFORE_PROBE && Math.min(...window) < MEDIAN_MS_MAX) {
        probesLeft = WINDOW
        pooledRun = 0
      }
    },
  }
}

function isFastDisk(window: readonly number[]): boolean {
  if (window.length < WINDOW) return false
  const sorted = [...window].sort((a, b) => a - b)
  const median = sorted[WINDOW / 2] ?? Infinity
  const slowest = sorted[WINDOW - 1] ?? Infinity
  return median < MEDIAN_MS_MAX && slowest <= SINGLE_MS_MAX
}
