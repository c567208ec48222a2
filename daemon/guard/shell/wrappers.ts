// Programs that run the words after them: which of them are the command that is meant, and where it runs. Pure.
import { shellLiteral } from '../../../protocol/index.ts'
import { readKnown, type Flags } from './flags.ts'
import { readOptions, type Arg, type Options } from './writes.ts'

export type Wrapped =
  /** These words, as a command of their own. */
  | (Around & { readonly kind: 'words'; readonly words: readonly Arg[] })
  /** This text, as a script; later: when the shell may be elsewhere, and its variables others. */
  | (Around & { readonly kind: 'script'; readonly text: string; readonly isLater?: boolean })
  /** What it is given on stdin, as a script. */
  | { readonly kind: 'input' }
  | { readonly kind: 'unknown'; readonly why: string }

interface Around {
  /** The folder that it goes to first; null where only the disk could tell. */
  readonly into?: Arg
  /** Files that the wrapper itself writes. */
  readonly outputs?: readonly Arg[]
}

interface Wrapper extends Flags {
  /** Flags whose value is a folder to go to, or a file to write. */
  readonly into?: readonly string[]
  readonly outputs?: readonly string[]
  /** Operands of its own before the command. */
  readonly own?: number
  /** `A=b` may stand before the command. */
  readonly isAssigning?: boolean
}

const SHELLS = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh', 'ash'])

/** Programs that run the first word that is no flag, with the flags that change nothing else than is said here. */
const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  builtin: {},
  chronic: { short: 'ev' },
  command: { short: 'p' },
  doas: { short: 'n', valued: 'u' },
  env: {
    short: 'i0v',
    valued: 'uCS',
    long: '- --ignore-environment --null --debug',
    longValued: '--unset --chdir --split-string',
    into: ['-C', '--chdir'],
    isAssigning: true,
  },
  exec: { short: 'cl', valued: 'a' },
  ionice: { short: 't', valued: 'cn', longValued: '--class --classdata' },
  nice: { short: '0123456789', valued: 'n', longValued: '--adjustment' },
  nohup: {},
  setsid: { short: 'cfw', long: '--ctty --fork --wait' },
  stdbuf: { valued: 'ioe', longValued: '--input --output --error' },
  sudo: {
    short: 'nEHSkbPABKvl',
    valued: 'ugpCDTUrth',
    long: '--non-interactive --preserve-env --set-home --stdin --background --askpass --list --validate',
    longValued:
      '--user --group --prompt --chdir --other-user --host --close-from --command-timeout',
    into: ['-D', '--chdir'],
    isAssigning: true,
  },
  time: {
    short: 'apvq',
    valued: 'fo',
    long: '--append --portability --verbose --quiet',
    longValued: '--format --output',
    outputs: ['-o', '--output'],
  },
  timeout: {
    short: 'vfp',
    valued: 'ks',
    long: '--foreground --preserve-status --verbose',
    longValued: '--kill-after --signal',
    own: 1,
  },
  unbuffer: { short: 'p' },
}

/** Null for a command that runs no other. */
export function unwrap(name: string, args: readonly Arg[]): Wrapped | null {
  if (SHELLS.has(name)) return ofShell(name, args)
  if (name === 'eval') return script(args, 'eval')
  if (name === 'trap') return ofTrap(args)
  if (name === 'xargs') return ofXargs(args)
  if (name === 'find') return ofFind(args)
  if (name === 'command' && /^-[vV]$/.test(args[0]?.text ?? '')) return NOTHING
  if (args.length > 0 && args.every((arg) => /^--(?:version|help)$/.test(arg?.text ?? '')))
    return Object.hasOwn(WRAPPERS, name) ? NOTHING : null
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined
  return wrapper === undefined ? null : wrapped(name, args, wrapper)
}

const NOTHING: Wrapped = { kind: 'words', words: [] }

function wrapped(name: string, args: readonly Arg[], wrapper: Wrapper): Wrapped {
  const read = readKnown(args, wrapper, true)
  if (read === null) return { kind: 'unknown', why: `${name} with flags that are not known` }
  const folders = valuesOf(read, wrapper.into)
  // Of several the last holds, from where the one before has led: that is not followed.
  if (folders.length > 1) return { kind: 'unknown', why: `${name} with several folders` }
  const [into] = folders
  const around = {
    ...(into === undefined ? {} : { into }),
    outputs: valuesOf(read, wrapper.outputs),
  }
  const words = read.operands.slice(wrapper.own ?? 0)
  const split = name === 'env' ? valuesOf(read, ['-S', '--split-string']) : []
  if (split.length > 0) return { ...ofSplit(split, words), ...around }
  return {
    kind: 'words',
    words: wrapper.isAssigning === true ? afterAssigned(words) : words,
    ...around,
  }
}

function valuesOf({ values }: Options, flags: readonly string[] = []): readonly Arg[] {
  return flags.flatMap((flag) => values.get(flag) ?? [])
}

function afterAssigned(words: readonly Arg[]): readonly Arg[] {
  const first = words.findIndex((arg) => arg === null || !/^[A-Za-z_]\w*=/.test(arg.text))
  return first < 0 ? [] : words.slice(first)
}

/** `env -S '-C src rm' a.ts`: the text's words stand in the flag's place, and flags may be among them. */
function ofSplit([text = null, ...more]: readonly Arg[], words: readonly Arg[]): Wrapped {
  const known = words.filter((word) => word !== null)
  // Its escapes are not those of a shell.
  if (text === null || more.length > 0 || text.text.includes('\\') || known.length < words.length)
    return { kind: 'unknown', why: 'env with words that are not known' }
  const quoted = known.map((word) => shellLiteral(word.text))
  return { kind: 'script', text: ['env', text.text, ...quoted].join(' ') }
}

function ofShell(name: string, args: readonly Arg[]): Wrapped {
  const at = args.findIndex((arg) => /^-[a-z]*c[a-z]*$/.test(arg?.text ?? ''))
  const code = at < 0 ? undefined : args[at + 1]
  if (at >= 0) {
    return code == null ? { kind: 'unknown', why: name } : { kind: 'script', text: code.text }
  }
  const { operands, flags } = readOptions(args, ['-o', '-O'])
  if (flags.includes('--version') || flags.includes('--help')) return NOTHING
  const [file] = operands
  const isStdin = file === undefined || file?.text === '-' || flags.includes('-s')
  return isStdin ? { kind: 'input' } : { kind: 'unknown', why: `${name} with a script` }
}

function script(args: readonly Arg[], why: string): Wrapped {
  const known = args.filter((arg) => arg !== null)
  if (known.length < args.length) return { kind: 'unknown', why }
  return { kind: 'script', text: known.map(({ text }) => text).join(' ') }
}

/** `trap 'rm -f a' EXIT`; `trap - EXIT`, `trap '' INT` and `trap -p` run nothing. */
function ofTrap(args: readonly Arg[]): Wrapped {
  const [code, ...signals] = args[0]?.text === '--' ? args.slice(1) : args
  if (code === null) return { kind: 'unknown', why: 'trap' }
  if (code === undefined || signals.length === 0 || /^(?:-[lpP]?)?$/.test(code.text)) return NOTHING
  return { kind: 'script', text: code.text, isLater: true }
}

const XARGS: Flags = {
  short: '0rtpxo',
  valued: 'InPLdsEa',
  long: '--null --no-run-if-empty --verbose --exit --open-tty',
  longValued: '--max-args --max-procs --max-lines --max-chars --delimiter --arg-file --eof',
}

/** What it reads comes behind the words, or in the place of a sign: unknown. */
function ofXargs(args: readonly Arg[]): Wrapped {
  const read = readKnown(args, XARGS, true)
  if (read === null) return { kind: 'unknown', why: 'xargs with flags that are not known' }
  const sign = read.values.get('-I')?.[0]?.text ?? '{}'
  const words = read.operands.map((arg) => unlessWith(arg, sign))
  return { kind: 'words', words: words.length === 0 ? [] : [...words, null] }
}

/** All but those that remove and run. */
const FIND: Flags = {
  short: 'HLPE0123456789',
  valued: 'DO',
  long: '-a -and -daystart -depth -empty -executable -false -follow -ignore_readdir_race -ls -mount -nogroup -noleaf -not -nouser -nowarn -o -or -print -print0 -prune -quit -readable -true -warn -writable -xdev',
  longValued:
    '-amin -anewer -atime -cmin -cnewer -context -ctime -files0-from -fls -fprint -fprint0 -fprintf -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname -maxdepth -mindepth -mmin -mtime -name -newer -newermt -path -perm -printf -regex -regextype -samefile -size -type -uid -used -user -wholename -xtype',
}
const FIND_OUTPUTS = ['-fls', '-fprint', '-fprint0', '-fprintf']

/** `-exec COMMAND {} ;`: which files only the disk could tell. */
function ofFind(args: readonly Arg[]): Wrapped {
  const texts = args.map((arg) => arg?.text ?? '')
  const at = texts.findIndex((text) => ['-exec', '-execdir', '-ok', '-okdir'].includes(text))
  const until = texts.findIndex((text, index) => index > at && (text === ';' || text === '+'))
  const end = at < 0 || until < 0 ? args.length : until
  const read = readKnown(at < 0 ? args : [...args.slice(0, at), ...args.slice(end + 1)], FIND)
  if (read === null) return { kind: 'unknown', why: 'find' }
  const outputs = valuesOf(read, FIND_OUTPUTS)
  if (at < 0) return { kind: 'words', words: [], outputs }
  const words = args.slice(at + 1, end).map((arg) => unlessWith(arg, '{}'))
  // In each file's own folder.
  const isThere = texts[at]?.endsWith('dir') === true
  return { kind: 'words', words, outputs, ...(isThere ? { into: null } : {}) }
}

function unlessWith(arg: Arg, sign: string): Arg {
  return arg?.text.includes(sign) === true ? null : arg
}
