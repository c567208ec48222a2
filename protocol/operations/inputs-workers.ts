// Inputs of all that is about workers: their plans, they themselves, and the way that their work goes from there.
import { FLEET_INPUTS } from './inputs-fleet.ts'
import { LANDING_INPUTS } from './inputs-landing.ts'
import { PLANNING_INPUTS } from './inputs-planning.ts'
import { WORKER_INPUTS } from './inputs-worker.ts'

export const WORKERS_INPUTS = {
  ...FLEET_INPUTS,
  ...WORKER_INPUTS,
  ...PLANNING_INPUTS,
  ...LANDING_INPUTS,
} as const
