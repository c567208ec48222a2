// `skein hook pre-commit` and its like: what git's hooks run. Words and stdin are git's; the exit code lets it go on or not.
import { text as readText } from 'node:stream/consumers'
import type { LocalCommand } from '../machine.ts'
import { requireCwd } from '../operation-input.ts'
import { clean } from '../output/text.ts'

export const run: LocalCommand = ({ verb, fields }, io, machine) => {
  const words = fields['words']
  return machine.runGitHook(verb.name.slice('hook '.length), {
    words: Array.isArray(words) ? words : [],
    env: io.env,
    cwd: requireCwd(io),
    stdin: () => readText(io.stdin),
    say: (line) => {
      io.stderr.write(`${clean(line)}\n`)
    },
  })
}
