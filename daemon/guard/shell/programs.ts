// Programs that write files, by their words; and those that write none. What is in neither list is unknown: it may write
// anything, and is judged by what it has done. Pure.
import { readKnown, type Flags } from './flags.ts'
import { all, placeOf, type Surroundings } from './words.ts'
import { gitWrites } from './git.ts'
import { outputsOfReader } from './readers.ts'
import { isPrintingSed } from './sed.ts'
import { hasFlag, readOptions, type Arg, type Options, type ShellWrite } from './writes.ts'

type Program = (args: readonly Arg[], folder: string | null) => readonly ShellWrite[]

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
    const hasTarget = options.values.has('-t') || options.values.has('--target-directory')
    const sources = hasTarget ? options.operands : options.operands.slice(0, -1)
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
  patch(args, folder) {
    const options = readOptions(args, ['-p', '-i', '-d', '-o', '-r', '--input', '--directory'])
    if (options.flags.includes('--dry-run')) return []
    const [file] = options.operands
    const isElsewhere = ['-d', '--directory', '-o', '-r', '--output', '--reject-file'].some(
      (flag) => options.values.has(flag),
    )
    return file === undefined || isElsewhere ? [unknown('patch')] : all([file], folder, 'patch')
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
  if (SETTERS.has(name) || isQuestion(args)) return []
  const outputs = outputsOfReader(name, args)
  if (outputs !== undefined) return outputs === null ? [unknown(name)] : all(outputs, folder, name)
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined
  if (program !== undefined) return program(args, folder)
  return args.length === 1 && QUESTION.test(args[0]?.text ?? '') ? [] : [unknown(name)]
}

const QUESTION = /^(?:--version|--help|-[vVh])$/

function isQuestion(args: readonly Arg[]): boolean {
  return args.length > 0 && args.every((arg) => /^--(?:version|help)$/.test(arg?.text ?? ''))
}

function removed(options: Options, folder: string | null): readonly ShellWrite[] {
  const isTree = hasFlag(options, 'r', '--recursive') || hasFlag(options, 'R')
  return all(options.operands, folder, 'rm', isTree)
}

function copied(options: Options, folder: string | null, why: string): readonly ShellWrite[] {
  // An abbreviated `--target=`, and names that are more than their last part.
  const isOther = options.flags.some((flag) => /^--(?:t(?!arget-directory$)|pa)/.test(flag))
  if (isOther) return [unknown(why)]
  const given = [
    ...(options.values.get('-t') ?? []),
    ...(options.values.get('--target-directory') ?? []),
  ]
  const hasTarget = given.length > 0
  const target = (hasTarget ? given : options.operands).at(-1) ?? null
  const sources = hasTarget ? options.operands : options.operands.slice(0, -1)
  const place = placeOf(target, { folder })
  const known = sources.map((source) => placeOf(source, { folder }))
  if (place === null || known.some((source) => source === null)) return [unknown(why)]
  // `ln a` makes `a` here; of `cp a` there is nothing to do.
  return [{ kind: 'copy', sources: known.filter((source) => source !== null), place }]
}

/** `sed -i`, `-i.bak`, `-ni`, `--in-place`; on some systems `-i ''`. */
function sedWrites(args: readonly Arg[], folder: string | null): readonly ShellWrite[] {
  const options = readOptions(args, ['-e', '-f', '--expression', '--file', '-l'], ['-i'])
  const { flags, values } = options
  const isInPlace = hasFlag(options, 'i', '--in-place')
  const hasScript = ['-e', '-f', '--expression', '--file'].some((flag) => values.has(flag))
  const [first, ...rest] = options.operands
  const operands = isInPlace && first?.text === '' ? rest : options.operands
  const given = [...(values.get('-e') ?? []), ...(values.get('--expression') ?? [])]
  const scripts = hasScript ? given : operands.slice(0, 1)
  const isSafe =
    flags.includes('--sandbox') || scripts.every((each) => isPrintingSed(each?.text ?? 'w'))
  const hasFile = values.has('-f') || values.has('--file')
  return [
    ...(isInPlace ? all(operands.slice(hasScript ? 0 : 1), folder, 'sed') : []),
    ...(isSafe && !hasFile ? [] : [unknown('sed')]),
  ]
}

/** Letters whose value is glued or none, of perl and ruby. */
const GLUED = ['-i', '-I', '-M', '-m', '-F', '-x', '-r']

/** `perl -i -pe CODE FILE…`; without -i any code may do anything. */
function inPlace(args: readonly Arg[], folder: string | null, name: string): readonly ShellWrite[] {
  const options = readOptions(args, ['-e', '-E'], GLUED)
  if (!hasFlag(options, 'i')) {
    const isAsked = options.flags.every((flag) => QUESTION.test(flag))
    return isAsked && args.length > 0 && options.operands.length === 0 ? [] : [unknown(name)]
  }
  const hasCode = options.values.has('-e') || options.values.has('-E')
  const files = all(options.operands.slice(hasCode ? 0 : 1), folder, name)
  return hasFlag(options, 'C') && name === 'ruby' ? [unknown(name)] : files
}

const AWK: Flags = {
  short: 'bcCPrnNsSMtO',
  valued: 'Fvfi',
  long: '--posix --traditional --re-interval --sandbox --characters-as-bytes --csv',
  longValued: '--field-separator --assign --file --include',
}

function awkWrites(args: readonly Arg[], folder: string | null): readonly ShellWrite[] {
  // Flags end at its code.
  const options = readKnown(args, AWK, true)
  if (options === null) return [unknown('awk')]
  const included = [...(options.values.get('-i') ?? []), ...(options.values.get('--include') ?? [])]
  const hasFile = options.values.has('-f') || options.values.has('--file')
  const [code] = options.operands
  const mayWrite = hasFile || code === undefined || code === null || WRITING_AWK.test(code.text)
  if (included.length === 0) return mayWrite ? [unknown('awk')] : []
  const isInPlace = included.every((arg) => arg?.text === 'inplace')
  const files = isInPlace ? all(options.operands.slice(hasFile ? 0 : 1), folder, 'awk') : []
  return isInPlace && !mayWrite ? files : [...files, unknown('awk')]
}

/** `print > "file"`, `print | "command"`, `"command" | getline`, `system(…)`. */
const WRITING_AWK =
  />\s*(?:"|\(|[A-Za-z$])|\|\s*(?:"|&|getline)|\|\s*\w+\s*(?:[;}]|$)|system\s*\(|@(?:load|include)/

function unknown(why: string): ShellWrite {
  return { kind: 'unknown', why }
}
