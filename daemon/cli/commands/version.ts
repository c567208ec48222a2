// `skein version`: of this program, which needs no daemon to answer.
import type { LocalCommand } from '../machine.ts'

export const run: LocalCommand = ({ fields }, io, { version }) => {
  const { node } = process.versions
  const facts = { version, node, platform: process.platform, arch: process.arch }
  const text = `skein ${version} (Node ${node}, ${process.platform} ${process.arch})`
  io.stdout.write(fields['json'] === true ? `${JSON.stringify(facts, null, 2)}\n` : `${text}\n`)
  return 0
}
