// Files that git's commands write because a flag names them, and flags that make a reading command run a program. Pure.
import { readOptions, type Arg } from './writes.ts'

/** Null: it may write anything. */
export function gitOutputs(name: string, args: readonly Arg[]): readonly Arg[] | null {
  const valued = ['--output', ...(VALUED[name] ?? [])]
  const { flags, values, operands } = readOptions(args, valued)
  // git takes flags cut short too.
  const isOther = flags.some(
    (flag) => /^--(?:ou|in-p|op|ext-d)/.test(flag) && !/^--output(?:-indicator-.*)?$/.test(flag),
  )
  if (isOther) return null
  const given = values.get('--output') ?? []
  switch (name) {
    case 'archive':
      return [...given, ...(values.get('-o') ?? [])]
    case 'bundle':
      return operands[0]?.text === 'create' ? [operands[1] ?? null] : given
    case 'config':
      return configOutputs(flags, values, operands)
    case 'grep':
      return flags.some((flag) => /^-[A-Za-z]*O/.test(flag)) ? null : given
    default:
      return given
  }
}

const VALUED: Readonly<Record<string, readonly string[]>> = {
  archive: ['-o', '--format', '--prefix', '--remote', '--exec', '--add-file'],
  bundle: ['--version'],
  commit: ['-m', '--message', '-F', '--file', '--author', '--date', '-C', '-c', '-t'],
  config: ['-f', '--file', '--blob', '--type', '--default', '--value', '--comment'],
  grep: ['-e', '-f', '-A', '-B', '-C', '-m', '--max-depth', '--threads'],
  log: ['-S', '-G', '-n', '-L', '-O', '--grep', '--author', '--since', '--until', '--format'],
  tag: ['-m', '-F', '-u'],
}

function configOutputs(
  flags: readonly string[],
  values: ReadonlyMap<string, readonly Arg[]>,
  operands: readonly Arg[],
): readonly Arg[] | null {
  // It opens an editor.
  if (flags.includes('-e') || flags.includes('--edit') || operands[0]?.text === 'edit') return null
  const isAsked =
    flags.some((flag) => /^(?:--get.*|--list|-l)$/.test(flag)) ||
    ['get', 'list'].includes(operands[0]?.text ?? '')
  return isAsked ? [] : [...(values.get('-f') ?? []), ...(values.get('--file') ?? [])]
}

/** Keys whose value git runs. */
const RUNNING =
  /^(?:alias\.|pager\.|filter\.|include|difftool\.|mergetool\.|core\.(?:pager|editor|fsmonitor|sshcommand|hookspath|askpass|gitproxy|worktree)|sequence\.editor|diff\.(?:external|.*\.(?:command|textconv))|merge\..*\.driver|credential\.|gpg\.)/i
const IDLE = /^(?:|true|false|cat|less|:|\d+|\/dev\/null)$/

/** `-c key=value`: may it run something, or lead elsewhere? */
export function isRunning(given: Arg): boolean {
  if (given === null) return true
  const [key = '', ...value] = given.text.split('=')
  return RUNNING.test(key) && !IDLE.test(value.join('='))
}
