// Findings of the doctor, in few words each.
import type { Check } from '../cli/setup.ts'
import { SkeinError } from '../../protocol/index.ts'

export function ok(name: string, says: string): Check {
  return { name, level: 'OK', says, hint: null }
}

export function warn(name: string, says: string, hint: string): Check {
  return { name, level: 'WARN', says, hint }
}

export function fail(name: string, says: string, hint: string): Check {
  return { name, level: 'FAIL', says, hint }
}

/** A look that fails is a finding too. */
export async function looked(
  name: string,
  look: () => Promise<readonly Check[]> | readonly Check[],
): Promise<readonly Check[]> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof SkeinError) return [fail(name, error.message, error.hint)]
    const says = error instanceof Error ? error.message : String(error)
    return [fail(name, `cannot be looked at: ${says}`, 'skein logs')]
  }
}
