// `skein push`: git's own push, through the helper.
import type { LocalCommand } from '../machine.ts'
import { requireCwd } from '../operation-input.ts'

export const run: LocalCommand = ({ fields }, io, machine) => {
  const words = fields['words']
  return machine.pushByHand(Array.isArray(words) ? words : [], { cwd: requireCwd(io) })
}
