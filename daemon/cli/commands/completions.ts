// `skein completions SHELL`: the script that makes a shell complete skein's commands.
import { bashScript } from '../completions/bash.ts'
import { fishScript } from '../completions/fish.ts'
import { zshScript } from '../completions/zsh.ts'
import { usage } from '../arguments.ts'
import type { LocalCommand } from '../machine.ts'
import { SHELLS } from '../verb-spec.ts'

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (version: string) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

export const run: LocalCommand = ({ verb, fields }, io, { version }) => {
  const shell = SHELLS.find((each) => each === fields['shell'])
  if (shell === undefined) {
    throw usage(
      `There are completions for bash, zsh and fish, not for \`${String(fields['shell'])}\``,
      verb,
    )
  }
  io.stdout.write(SCRIPTS[shell](version))
  return 0
}
