// Our table in a foreign TOML file, as a marked block of text. The file is parsed before and after each edit, and the edit
// counts only if it changed what it should and nothing else: a table header takes all keys that follow it.
import { isDeepStrictEqual } from 'node:util'
import { parse, type TomlTable } from 'smol-toml'
import { HASH, blockIn, removeBlock, setBlock } from './block.ts'
import { withoutMark } from './form.ts'

export type TomlEdit = { readonly text: string } | { readonly problem: string }

/**
 * @param table where ours stands, as in `mcp_servers`, `skein`.
 * @returns the text as it is where somebody wrote this table outside of our block: it is theirs.
 */
export function mergeToml(text: string, block: string, table: readonly string[]): TomlEdit {
  const before = read(text)
  if ('problem' in before) return before
  const isTheirs = at(before.value, table) !== undefined && blockIn(text) === null
  if (isTheirs) return { text }
  const edited = setBlock(text, block, HASH)
  if ('problem' in edited) return { problem: BLOCK_PROBLEMS[edited.problem] }
  const after = read(edited.text)
  const isRight =
    !('problem' in after) &&
    isDeepStrictEqual(at(after.value, table), at(parse(block), table)) &&
    isDeepStrictEqual(without(after.value, table), without(before.value, table))
  return isRight ? edited : { problem: `has no room for a table [${table.join('.')}]` }
}

/** Null when nothing is left. */
export function unmergeToml(
  text: string,
  table: readonly string[],
): TomlEdit | { readonly text: null } {
  const before = read(text)
  if ('problem' in before) return before
  const edited = removeBlock(text)
  if ('problem' in edited) return { problem: BLOCK_PROBLEMS[edited.problem] }
  if (edited.text === text) return { text }
  const after = read(edited.text)
  const isRight =
    !('problem' in after) &&
    isDeepStrictEqual(without(after.value, table), without(before.value, table))
  if (!isRight) return { problem: 'has keys below our block that would fall to another table' }
  return edited.text === '' ? { text: null } : edited
}

export const BLOCK_PROBLEMS = {
  unclosed: 'has only one of the marks `skein: begin` and `skein: end`',
  doubled: 'has the marks `skein: begin` and `skein: end` more than once',
} as const

function read(text: string): { readonly value: TomlTable } | { readonly problem: string } {
  try {
    return { value: parse(withoutMark(text)) }
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { problem: `is no TOML (${first})` }
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isTable(inner) ? inner[key] : undefined), value)
}

/** A copy without one table, nor the tables around it that it leaves empty. */
function without(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || !isTable(value)) return value
  const { [key]: inner, ...others } = value
  if (rest.length === 0 || inner === undefined) return others
  const left = without(inner, rest)
  const isEmpty = isTable(left) && Object.keys(left).length === 0
  return isEmpty ? others : { ...others, [key]: left }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
