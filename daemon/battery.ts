// Does this machine run on a battery? Whoever does is carried away and put to sleep, and had better not be counted on for a vote.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Linux tells; of other systems nothing is known, and so nothing is promised. */
export function isAlwaysOn(
  folder = '/sys/class/power_supply',
  platform = process.platform,
): boolean {
  if (platform !== 'linux') return false
  if (!existsSync(folder)) return true
  return !readdirSync(folder).some((name) => {
    const fact = (of: string): string => readOrEmpty(path.join(folder, name, of))
    // The battery of a mouse is a device's, not the machine's.
    return fact('type') === 'Battery' && fact('scope') !== 'Device'
  })
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
