// `skein config validate`: reads both files as the daemon would, without one.
import { homePath } from '../../client/place.ts'
import type { LocalCommand } from '../machine.ts'
import { findWhereabouts } from '../patterns.ts'
import { pageOn } from '../output/page.ts'

export const run: LocalCommand = async ({ fields }, io, machine) => {
  const root = io.cwd === null ? null : findWhereabouts(io.cwd).root
  const files = await machine.validateConfig(homePath(io.env), root)
  if (fields['json'] === true) {
    io.stdout.write(`${JSON.stringify({ ok: true, files }, null, 2)}\n`)
    return 0
  }
  if (fields['quiet'] === true) return 0
  const { paint } = pageOn(io.stdout, io)
  for (const { file, isThere } of files) {
    const word = isThere ? paint('good', 'valid  ') : paint('quiet', 'absent ')
    io.stdout.write(`${word} ${file}${isThere ? '' : ' (every value is a default)'}\n`)
  }
  return 0
}
