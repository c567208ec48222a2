// Programs that run the words after them: which of them are the command that is meant. Pure.
import { readOptions, type Arg } from './writes.ts'

export type Wrapped =
  /** These words, as a command of their own. */
  | { readonly kind: 'words'; readonly words: readonly Arg[] }
  /** This text, as a script. */
  | { readonly kind: 'script'; readonly text: string }
  /** What it is given on stdin, as a script. */
  | { readonly kind: 'input' }
  | { readonly kind: 'unknown'; readonly why: string }

const SHELLS = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh', 'ash'])

/** Flags that take a value, of programs that run the first word that is none. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  builtin: [],
  chronic: [],
  command: [],
  doas: ['-u', '-C'],
  exec: ['-a'],
  ionice: ['-c', '-n', '-p'],
  nice: ['-n', '--adjustment'],
  nohup: [],
  setsid: [],
  stdbuf: ['-i', '-o', '-e'],
  sudo: ['-u', '-g', '-h', '-p', '-C', '-D', '-R', '-T', '--user', '--group', '--chdir'],
  time: ['-f', '-o'],
  unbuffer: [],
}

/** Null for a command that runs no other. */
export function unwrap(name: string, args: readonly Arg[]): Wrapped | null {
  if (SHELLS.has(name)) return ofShell(name, args)
  if (name === 'eval') return script(args, 'eval')
  if (name === 'env') return { kind: 'words', words: afterEnv(args) }
  if (name === 'timeout') return { kind: 'words', words: rest(args, ['-k', '-s'], 1) }
  if (name === 'xargs') return { kind: 'words', words: afterXargs(args) }
  if (name === 'find') return ofFind(args)
  if (name === 'command' && /^-[vV]$/.test(args[0]?.text ?? '')) return { kind: 'words', words: [] }
  const valued = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  return valued === undefined ? null : { kind: 'words', words: rest(args, valued, 0) }
}

function ofShell(name: string, args: readonly Arg[]): Wrapped {
  const at = args.findIndex((arg) => /^-[a-z]*c[a-z]*$/.test(arg?.text ?? ''))
  const code = at < 0 ? undefined : args[at + 1]
  if (at >= 0) {
    return code == null ? { kind: 'unknown', why: name } : { kind: 'script', text: code.text }
  }
  const { operands, flags } = readOptions(args, ['-o', '-O'])
  if (flags.includes('--version') || flags.includes('--help')) return { kind: 'words', words: [] }
  const [file] = operands
  const isStdin = file === undefined || file?.text === '-' || flags.includes('-s')
  return isStdin ? { kind: 'input' } : { kind: 'unknown', why: `${name} with a script` }
}

function script(args: readonly Arg[], why: string): Wrapped {
  const known = args.filter((arg) => arg !== null)
  if (known.length < args.length) return { kind: 'unknown', why }
  return { kind: 'script', text: known.map(({ text }) => text).join(' ') }
}

/** The words after flags, their values, and so many operands of its own. */
function rest(args: readonly Arg[], valued: readonly string[], own: number): readonly Arg[] {
  let left = own
  for (let at = 0; at < args.length; at++) {
    const text = args[at]?.text
    if (text === '--') return args.slice(at + 1)
    if (text?.startsWith('-') === true) {
      if (valued.includes(text)) at++
      continue
    }
    if (left-- <= 0) return args.slice(at)
  }
  return []
}

/** `env -u A B=c program …` */
function afterEnv(args: readonly Arg[]): readonly Arg[] {
  const words = rest(args, ['-u', '-C', '-S', '--unset', '--chdir'], 0)
  const first = words.findIndex((arg) => arg === null || !/^[A-Za-z_]\w*=/.test(arg.text))
  return first < 0 ? [] : words.slice(first)
}

/** What it reads comes behind the words: unknown. */
function afterXargs(args: readonly Arg[]): readonly Arg[] {
  const valued = ['-I', '-n', '-P', '-L', '-d', '-s', '-E', '-a', '--max-args', '--max-procs']
  const words = rest(args, valued, 0)
  return words.length === 0 ? [] : [...words.map(unlessPlaceholder), null]
}

/** `-exec COMMAND {} ;`, `-delete`: which files only the disk could tell. */
function ofFind(args: readonly Arg[]): Wrapped {
  const texts = args.map((arg) => arg?.text ?? '')
  const writes = ['-delete', '-fprint', '-fprintf', '-fls']
  if (texts.some((text) => writes.includes(text))) return { kind: 'unknown', why: 'find' }
  const at = texts.findIndex((text) => ['-exec', '-execdir', '-ok', '-okdir'].includes(text))
  if (at < 0) return { kind: 'words', words: [] }
  const behind = args.slice(at + 1)
  const end = behind.findIndex((arg) => arg?.text === ';' || arg?.text === '+')
  const more =
    end < 0 ? -1 : texts.slice(at + 1 + end).findIndex((text) => text.startsWith('-exec'))
  if (more >= 0) return { kind: 'unknown', why: 'find with several commands' }
  return { kind: 'words', words: behind.slice(0, end < 0 ? undefined : end).map(unlessPlaceholder) }
}

function unlessPlaceholder(arg: Arg): Arg {
  return arg?.text.includes('{}') === true ? null : arg
}
