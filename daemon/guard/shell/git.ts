// What git would write into a worktree, by its words. Commands that move between commits may write anything that differs
// between them: they are unknown here, and judged by what they have done. Pure.
import path from 'node:path'
import { hasFlag, readOptions, type Arg, type Options, type ShellWrite } from './writes.ts'
import { gitOutputs, isRunning } from './git-outputs.ts'
import { all, placeOf } from './words.ts'

/** Of git's own words before the command. */
const VALUED = ['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path']
/** They write nothing into a worktree, but for files that their flags name. */
const HARMLESS = new Set(
  'add annotate archive blame branch bundle cat-file check-attr check-ignore commit commit-tree config count-objects describe diff diff-files diff-index diff-tree fetch fmt-merge-msg for-each-ref fsck gc grep hash-object help init interpret-trailers log ls-files ls-remote ls-tree maintenance merge-base merge-tree name-rev notes pack-refs prune push range-diff reflog remote repack replace rev-list rev-parse send-email shortlog show show-branch show-ref status symbolic-ref tag update-index update-ref var verify-commit verify-tag version whatchanged write-tree'.split(
    ' ',
  ),
)

type Command = (args: readonly Arg[], folder: string) => readonly ShellWrite[]

const COMMANDS: Readonly<Record<string, Command>> = {
  checkout(args, folder) {
    const options = readOptions(args, ['-b', '-B', '--orphan'])
    if (options.values.has('-b') || options.values.has('-B') || options.values.has('--orphan'))
      return options.operands.length === 0 ? [] : [unknown('git checkout of a new branch')]
    const at = args.findIndex((arg) => arg?.text === '--')
    if (at >= 0) return files(args.slice(at + 1), folder, 'changed')
    if (hasFlag(options, 'f', '--force')) return [changed(folder), unknown('git checkout')]
    // Without `--` a word is a path only if no branch is called so.
    return options.operands.flatMap((operand) => [
      ...files([operand], folder, 'changed', true),
      unknown('git checkout'),
    ])
  },
  restore(args, folder) {
    const options = readOptions(args, ['-s', '--source'])
    const isIndexOnly = hasFlag(options, 'S', '--staged') && !hasFlag(options, 'W', '--worktree')
    return isIndexOnly ? [] : files(options.operands, folder, 'changed')
  },
  reset(args, folder) {
    const { flags, operands } = readOptions(args)
    const isHard = ['--hard', '--merge', '--keep'].some((flag) => flags.includes(flag))
    if (!isHard) return []
    const isHere = operands.every((operand) => operand?.text === 'HEAD')
    return isHere ? [changed(folder)] : [changed(folder), unknown('git reset to another commit')]
  },
  stash(args, folder) {
    const sub = args[0]?.text ?? 'push'
    if (['list', 'show', 'drop', 'clear', 'create', 'store'].includes(sub)) return []
    if (['pop', 'apply', 'branch'].includes(sub)) return [unknown(`git stash ${sub}`)]
    const options = readOptions(sub === 'push' || sub === 'save' ? args.slice(1) : args, ['-m'])
    const { operands } = options
    if (sub === 'push' && operands.length > 0) return files(operands, folder, 'changed')
    const isAll = hasFlag(options, 'u', '--include-untracked') || hasFlag(options, 'a', '--all')
    return isAll ? [changed(folder), untracked(folder)] : [changed(folder)]
  },
  clean(args, folder) {
    const options = readOptions(args, ['-e', '--exclude'])
    return hasFlag(options, 'n', '--dry-run') ? [] : [untracked(folder)]
  },
  rm(args, folder) {
    const { flags, operands } = readOptions(args)
    return flags.includes('--cached') || flags.includes('-n') ? [] : files(operands, folder, 'all')
  },
  rerere(args) {
    const asks = ['status', 'diff', 'remaining', 'gc', 'clear', 'forget']
    return asks.includes(args[0]?.text ?? '') ? [] : [unknown('git rerere')]
  },
  'sparse-checkout': ([sub]) =>
    ['list', 'check-rules'].includes(sub?.text ?? '') ? [] : [unknown('git sparse-checkout')],
  mv: (args, folder) => moved(readOptions(args), folder),
  apply(args) {
    const { flags } = readOptions(args)
    const isLook = ['--check', '--stat', '--numstat', '--summary', '--cached']
    return isLook.some((flag) => flags.includes(flag)) ? [] : [unknown('git apply')]
  },
}

export function gitWrites(args: readonly Arg[], folder: string | null): readonly ShellWrite[] {
  let at = 0
  let here = folder
  for (; at < args.length; at++) {
    const text = args[at]?.text
    if (text === undefined) return [unknown('git with words that are not known')]
    if (!text.startsWith('-')) break
    // Another worktree than the one that the folder is in.
    if (/^--(?:work-tree|git-dir)\b/.test(text)) here = null
    if (!VALUED.includes(text)) continue
    const value = args[++at] ?? null
    if (text === '-c' && isRunning(value)) return [unknown('git with a program of its own')]
    if (text === '-C') here = placeOf(value, { folder: here })?.text ?? null
  }
  const name = args[at]?.text ?? ''
  if (name === '') return []
  const after = args.slice(at + 1)
  const outputs = gitOutputs(name, after)
  if (outputs === null) return [unknown(`git ${name}`)]
  const given = all(
    outputs.filter((arg) => arg?.text !== '-'),
    here,
    `git ${name}`,
  )
  if (HARMLESS.has(name)) return given
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined || here === null) return [unknown(`git ${name}`)]
  return [...given, ...command(after, here)]
}

function files(
  operands: readonly Arg[],
  folder: string,
  tree: 'all' | 'changed',
  isMaybe = false,
): ShellWrite[] {
  return operands.map((operand): ShellWrite => {
    // git reads globs itself, in quotes too.
    const isGlob = operand !== null && operand.glob === null && /[*?[]/.test(operand.text)
    const place = placeOf(isGlob ? { ...operand, glob: operand.text } : operand, { folder })
    if (place === null || operand?.text.startsWith(':') === true) return unknown('git with paths')
    return { kind: 'file', place, tree, isMaybe }
  })
}

function moved({ operands }: Options, folder: string): readonly ShellWrite[] {
  const place = placeOf(operands.at(-1) ?? null, { folder })
  const sources = operands.slice(0, -1).map((operand) => placeOf(operand, { folder }))
  const known = sources.filter((source) => source !== null)
  if (place === null || known.length < sources.length) return [unknown('git mv')]
  return [...files(operands.slice(0, -1), folder, 'all'), { kind: 'copy', sources: known, place }]
}

function changed(folder: string): ShellWrite {
  return { kind: 'worktree', folder: path.resolve(folder), which: 'changed' }
}

function untracked(folder: string): ShellWrite {
  return { kind: 'worktree', folder: path.resolve(folder), which: 'untracked' }
}

function unknown(why: string): ShellWrite {
  return { kind: 'unknown', why }
}
