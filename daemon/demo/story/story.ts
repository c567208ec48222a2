// The story of the demonstration, from the first claim to the same list on three machines.
import type { Tell, Totals } from '../events.ts'
import type { Scenery } from '../scenery/scenery.ts'
import { land, shareOut } from './claims.ts'
import { compare, settle, split } from './split.ts'
import { Stage } from './stage.ts'

export interface StoryOptions {
  readonly tell: Tell
  /** From one thing told to the next, at least, in milliseconds. */
  readonly paceMs: number
}

/**
 * Plays it in a scenery that `openScenery` has set up.
 * @throws SkeinError INTERNAL when a daemon does not do what it promises; DAEMON_FAILED, INTERRUPTED
 */
export async function playStory(scenery: Scenery, { tell, paceMs }: StoryOptions): Promise<Totals> {
  const stage = new Stage(scenery, tell, paceMs)
  try {
    const waits = await shareOut(stage)
    await land(stage, waits)
    const noted = await split(stage)
    await settle(stage, noted)
    await compare(stage)
  } catch (error) {
    throw scenery.lost() ?? error
  }
  return stage.totals()
}
