// Outputs of all that is about workers: their plans, they themselves, and the way that their work goes from there.
import { FLEET_OUTPUTS } from './outputs-fleet.ts'
import { LANDING_OUTPUTS } from './outputs-landing.ts'
import { PLANNING_OUTPUTS } from './outputs-planning.ts'
import { WORKER_OUTPUTS } from './outputs-worker.ts'

export const WORKERS_OUTPUTS = {
  ...FLEET_OUTPUTS,
  ...WORKER_OUTPUTS,
  ...PLANNING_OUTPUTS,
  ...LANDING_OUTPUTS,
} as const
