// Whose token it is.
import { SkeinError } from '../../protocol/index.ts'
import type { ForgeClient } from './client.ts'
import { userSchema } from './schemas.ts'

/** A name does not change while a daemon runs. */
const known = new WeakMap<ForgeClient, string | null>()

/** Null: the token may not ask, or there is none. */
export async function ownName(client: ForgeClient, signal: AbortSignal): Promise<string | null> {
  const found = known.get(client)
  if (found !== undefined) return found
  const name = await askName(client, signal)
  known.set(client, name)
  return name
}

async function askName(client: ForgeClient, signal: AbortSignal): Promise<string | null> {
  try {
    return (await client.get('/user', userSchema, signal))?.login ?? null
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'TRACKER_REFUSED') return null
    throw error
  }
}
