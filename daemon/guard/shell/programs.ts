// Programs that write files, by their words; and those that write none. What is in neither list is unknown: it may write
// anything, and is judged by what it has done. Pure.
import { placeOf, type Surroundings } from './words.ts'
import { gitWrites } from './git.ts'
import { hasFlag, readOptions, type Arg, type Options, type ShellWrite } from './writes.ts'

type Program = (args: readonly Arg[], folder: string | null) => readonly ShellWrite[]

/** Programs that read, print, or work on what is no file of a repository. */
const READERS = new Set(
  '[ [[ : alias arch b2sum base32 base64 basename bat bc bg break cal cat cd chgrp chown cksum cmp column comm continue cut date df diff dig dirname dmesg du echo egrep env exit expr false fd fg fgrep file fold free getconf getopts gh grep groups hash head hexdump history host hostname iconv id jobs join jq kill less let locale logname ls lsof man md5sum mkdir mktemp more nl nproc nslookup numfmt od openssl paste pgrep ping printenv printf popd ps pushd pwd read readlink readonly realpath return rg rmdir seq set sha1sum sha256sum sha512sum shift shopt skein sleep ss stat strings stty sum tac tail test times top tput tr trap tree true tty type ulimit umask unalias uname unset uptime users vmstat wait wc which whereis who whoami xxd yes zcat'.split(
    ' ',
  ),
)
/** Words that set variables; what they set is in their assignments. */
const SETTERS = new Set(['export', 'declare', 'local', 'typeset', 'readonly'])

const PROGRAMS: Readonly<Record<string, Program>> = {
  git: gitWrites,
  tee: (args, folder) => all(readOptions(args).operands, folder, 'tee'),
  touch: (args, folder) => {
    const { operands } = readOptions(args, ['-d', '-r', '-t', '--date', '--reference'])
    return all(operands, folder, 'touch')
  },
  truncate: (args, folder) => {
    const { operands } = readOptions(args, ['-s', '-r', '--size', '--reference'])
    return all(operands, folder, 'truncate')
  },
  rm: (args, folder) => removed(readOptions(args), folder),
  unlink: (args, folder) => all(args, folder, 'unlink'),
  shred: (args, folder) => all(readOptions(args, ['-n', '-s']).operands, folder, 'shred'),
  chmod: (args, folder) => {
    const options = readOptions(args, ['--reference'])
    // `-x` takes a right away: it is the mode, and no flag.
    const isModeFlag = options.flags.some((flag) => /^-[rwxXst]+$/.test(flag))
    const hasMode = isModeFlag || options.values.has('--reference')
    const isTree = hasFlag(options, 'R', '--recursive')
    return all(options.operands.slice(hasMode ? 0 : 1), folder, 'chmod', isTree)
  },
  cp: (args, folder) => copied(readOptions(args, ['-t', '-S', '--target-directory']), folder, 'cp'),
  ln: (args, folder) => copied(readOptions(args, ['-t', '-S', '--target-directory']), folder, 'ln'),
  install(args, folder) {
    const valued = ['-t', '-m', '-o', '-g', '-S', '--target-directory', '--mode']
    const options = readOptions(args, valued)
    return hasFlag(options, 'd', '--directory') ? [] : copied(options, folder, 'install')
  },
  mv(args, folder) {
    const options = readOptions(args, ['-t', '-S', '--target-directory'])
    const sources = options.values.has('-t') ? options.operands : options.operands.slice(0, -1)
    return [...all(sources, folder, 'mv', true), ...copied(options, folder, 'mv')]
  },
  sed: sedWrites,
  perl: (args, folder) => inPlace(args, folder, 'perl'),
  ruby: (args, folder) => inPlace(args, folder, 'ruby'),
  awk: awkWrites,
  gawk: awkWrites,
  mawk: awkWrites,
  dd(args, folder) {
    const out = args.find((arg) => arg === null || arg.text.startsWith('of='))
    if (out === undefined) return []
    return all([out === null ? null : { text: out.text.slice(3), glob: null }], folder, 'dd')
  },
  sort: (args, folder) => output(args, folder, ['-o', '--output'], 'sort'),
  curl: (args, folder) =>
    readOptions(args).flags.some((flag) => /^-[A-Za-z]*O|^--remote-name/.test(flag))
      ? [unknown('curl')]
      : output(args, folder, ['-o', '--output'], 'curl'),
  wget: (args, folder) =>
    readOptions(args).flags.some((flag) => flag === '-O' || flag === '--output-document')
      ? output(args, folder, ['-O', '--output-document'], 'wget')
      : [unknown('wget')],
  patch(args, folder) {
    const options = readOptions(args, ['-p', '-i', '-d', '-o', '-r', '--input', '--directory'])
    if (options.flags.includes('--dry-run')) return []
    const [file] = options.operands
    return file === undefined ? [unknown('patch')] : all([file], folder, 'patch')
  },
  uniq: (args, folder) =>
    all(readOptions(args, ['-f', '-s', '-w']).operands.slice(1), folder, 'uniq'),
}

/** What a program writes, by its words. */
export function programWrites(
  name: string,
  args: readonly Arg[],
  folder: Surroundings['folder'],
): readonly ShellWrite[] {
  if (READERS.has(name) || SETTERS.has(name)) return []
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined
  if (program !== undefined) return program(args, folder)
  const isQuestion = args.length > 0 && args.every((arg) => arg !== null && QUESTION.test(arg.text))
  return isQuestion ? [] : [unknown(name)]
}

const QUESTION = /^(?:--version|--help|-[vVh])$/

/** Each word as a file. */
export function all(
  args: readonly Arg[],
  folder: string | null,
  why: string,
  isTree = false,
): readonly ShellWrite[] {
  return args.map((arg): ShellWrite => {
    const place = placeOf(arg, { folder })
    return place === null
      ? unknown(why)
      : { kind: 'file', place, ...(isTree ? { tree: 'all' as const } : {}) }
  })
}

function removed(options: Options, folder: string | null): readonly ShellWrite[] {
  const isTree = hasFlag(options, 'r', '--recursive') || hasFlag(options, 'R')
  return all(options.operands, folder, 'rm', isTree)
}

function copied(options: Options, folder: string | null, why: string): readonly ShellWrite[] {
  const given = options.values.get('-t')?.[0] ?? options.values.get('--target-directory')?.[0]
  const target = given ?? options.operands.at(-1) ?? null
  const sources = given === undefined ? options.operands.slice(0, -1) : options.operands
  const place = placeOf(target, { folder })
  const known = sources.map((source) => placeOf(source, { folder }))
  if (place === null || known.some((source) => source === null)) return [unknown(why)]
  // `ln a` makes `a` here; of `cp a` there is nothing to do.
  return [{ kind: 'copy', sources: known.filter((source) => source !== null), place }]
}

/** `sed -i`, `-i.bak`, `-ni`, `--in-place`; on some systems `-i ''`. */
function sedWrites(args: readonly Arg[], folder: string | null): readonly ShellWrite[] {
  const options = readOptions(args, ['-e', '-f', '--expression', '--file', '-l'])
  const isInPlace = options.flags.some((flag) => /^-[nErsuz]*i|^--in-place/.test(flag))
  const hasScript = ['-e', '-f', '--expression', '--file'].some((flag) => options.values.has(flag))
  const [first, ...rest] = options.operands
  const operands = first?.text === '' ? rest : options.operands
  if (isInPlace) return all(operands.slice(hasScript ? 0 : 1), folder, 'sed')
  const scripts = hasScript ? [...options.values.values()].flat() : operands.slice(0, 1)
  // Its command `w` writes to files.
  return scripts.some((script) => script === null || /(?:^|[\s;/}0-9$])w\s+\S/.test(script.text))
    ? [unknown('sed')]
    : []
}

/** `perl -i -pe CODE FILE…`; without -i any code may do anything. */
function inPlace(args: readonly Arg[], folder: string | null, name: string): readonly ShellWrite[] {
  const options = readOptions(args, ['-e', '-E'])
  const isInPlace = options.flags.some((flag) => /^-(?![MmI])[A-Za-df-z0-9]*i/.test(flag))
  if (!isInPlace) {
    const isQuestion = options.flags.every((flag) => QUESTION.test(flag))
    return isQuestion && args.length > 0 && options.operands.length === 0 ? [] : [unknown(name)]
  }
  // In `-pe` and `-pie` the code is the next word, which then stands among the operands.
  const isCodeNext = options.flags.some((flag) => /^-[A-Za-z0-9]+[eE]$/.test(flag))
  return all(options.operands.slice(isCodeNext ? 1 : 0), folder, name)
}

function awkWrites(args: readonly Arg[], folder: string | null): readonly ShellWrite[] {
  const options = readOptions(args, ['-F', '-v', '-f', '-i', '--include', '--file'])
  const isInPlace = [
    ...(options.values.get('-i') ?? []),
    ...(options.values.get('--include') ?? []),
  ]
  const hasFile = options.values.has('-f') || options.values.has('--file')
  if (isInPlace.some((arg) => arg?.text === 'inplace'))
    return all(options.operands.slice(hasFile ? 0 : 1), folder, 'awk')
  const [code] = options.operands
  const mayWrite = hasFile || code === undefined || code === null || WRITING_AWK.test(code.text)
  return mayWrite ? [unknown('awk')] : []
}

/** `print > "file"`, `print | "command"`, `system(…)`. */
const WRITING_AWK = />\s*(?:"|\(|[A-Za-z$])|\|\s*(?:"|&)|system\s*\(/

function output(
  args: readonly Arg[],
  folder: string | null,
  flags: readonly string[],
  why: string,
): readonly ShellWrite[] {
  const { values } = readOptions(args, flags)
  return all(
    flags.flatMap((flag) => values.get(flag) ?? []),
    folder,
    why,
  ).filter((write) => write.kind !== 'file' || write.place.text !== '/dev/null')
}

function unknown(why: string): ShellWrite {
  return { kind: 'unknown', why }
}
