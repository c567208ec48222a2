// A recorder for the time before the registry is loaded, which is after the daemon is ready: what happens until then is held,
// and counted when it is there.
import type { MetricsPort, Recorder } from '../ports.ts'
import type { Observed } from './registry.ts'

/** Observations that wait for the registry; a daemon that cannot load it counts no more than these. */
const HELD_MAX = 10_000

export interface LateMetrics extends MetricsPort {
  readonly recorder: Recorder
  /** Loads the registry; until then `text` waits. */
  start(observed: Observed): void
}

export function createLateMetrics(): LateMetrics {
  const loaded = Promise.withResolvers<MetricsPort>()
  // Whoever asks is told; nobody else need be.
  loaded.promise.catch(() => undefined)
  let target: Recorder | null = null
  let held: ((recorder: Recorder) => void)[] = []
  const pass = (observe: (recorder: Recorder) => void): void => {
    if (target !== null) observe(target)
    else if (held.length < HELD_MAX) held.push(observe)
  }
  const recorder: Recorder = {
    operation(...facts) {
      pass((recorder) => {
        recorder.operation(...facts)
      })
    },
    request(...facts) {
      pass((recorder) => {
        recorder.request(...facts)
      })
    },
    commit(...facts) {
      pass((recorder) => {
        recorder.commit(...facts)
      })
    },
    event(...facts) {
      pass((recorder) => {
        recorder.event(...facts)
      })
    },
  }
  return {
    recorder,
    async text() {
      return (await loaded.promise).text()
    },
    start(observed) {
      import('./registry.ts').then(({ createMetrics }) => {
        const metrics = createMetrics(observed)
        target = metrics
        for (const observe of held) observe(metrics)
        held = []
        loaded.resolve(metrics)
      }, loaded.reject)
    },
  }
}
