// One file of a harness: what it should become, as text from text.
import { MARKUP, HASH, blockIn, removeBlock, setBlock, type Comment } from './text/block.ts'
import { mergeJson, unmergeJson, type Edited } from './text/json-merge.ts'
import { BLOCK_PROBLEMS, mergeToml, unmergeToml } from './text/toml.ts'
import { template } from './templates.ts'
import type { Asset } from './tools.ts'

export const TOML_TABLE = ['mcp_servers', 'skein'] as const

/** @param text null for no file. */
export function wire(asset: Asset, text: string | null): Edited {
  const ours = template(asset.template, asset.values)
  switch (asset.kind) {
    case 'json':
      return mergeJson(text, ours)
    case 'toml':
      return mergeToml(text ?? '', ours, TOML_TABLE)
    case 'import':
      return importsAgents(text ?? '') ? { text: text ?? '' } : block(text ?? '', ours, MARKUP)
    case 'block':
      return block(text ?? '', ours, MARKUP)
    case 'ignore':
      return block(text ?? '', ours, HASH)
  }
}

/** Null when nothing else is left. */
export function unwire(asset: Asset, text: string): Edited | { readonly text: null } {
  if (asset.kind === 'json') return unmergeJson(text, template(asset.template))
  if (asset.kind === 'toml') return unmergeToml(text, TOML_TABLE)
  const removed = removeBlock(text)
  if ('problem' in removed) return { problem: BLOCK_PROBLEMS[removed.problem] }
  return removed.text === '' && text !== '' ? { text: null } : removed
}

/** Does a file hold anything of ours? */
export function isWired(asset: Asset, text: string): boolean {
  const removed = unwire(asset, text)
  return !('problem' in removed) && removed.text !== text
}

function block(text: string, content: string, comment: Comment): Edited {
  const set = setBlock(text, content, comment)
  return 'problem' in set ? { problem: BLOCK_PROBLEMS[set.problem] } : set
}

/** Somebody wrote the import already. */
function importsAgents(text: string): boolean {
  return blockIn(text) === null && /^\s*@(?:\.\/)?AGENTS\.md\s*$/m.test(text)
}
