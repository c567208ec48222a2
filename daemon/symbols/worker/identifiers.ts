// Where a name stands in a file as an identifier: not in comments, not in strings, not as a part of a longer word.
import type { Node, Tree } from 'web-tree-sitter'

/** Line from 1, column from 0 in UTF-16 units, 1 for an import; one after the other. */
export function findUses(tree: Tree, source: string, name: string): Uint32Array<ArrayBuffer> {
  const found: number[] = []
  let count = 0
  for (let at = source.indexOf(name); at >= 0; at = source.indexOf(name, at + name.length)) {
    const node = tree.rootNode.namedDescendantForIndex(at, at + name.length)
    if (node === null || !isIdentifier(node, at, name)) continue
    const { row, column } = node.startPosition
    found.push(row + 1, column + at - node.startIndex, isImport(node) ? 1 : 0)
    if (++count >= USES_MAX) break
  }
  return Uint32Array.from(found)
}

/** More in one file is generated code; what the file is claimed for does not change by the next thousand. */
const USES_MAX = 5_000

/** Leaves by which the grammars of the table spell names; labels of statements are none. */
const IDENTIFIER = /(?<!statement_)identifier$|^(?:constant|name)$/
/** Grammars of some languages keep the quotes of a name that needs them. */
const QUOTE = /^`|`$/g

function isIdentifier(node: Node, at: number, name: string): boolean {
  if (!IDENTIFIER.test(node.type) || node.namedChildCount > 0) return false
  const text = node.text
  return text === name ? node.startIndex === at : text.replace(QUOTE, '') === name
}

/** `import`, `use`, `using`, and names that are only handed on: `export { x }`. */
const IMPORT =
  /^(?:import|future_import|namespace_use|using_|use_declaration|use_list|export_specifier)|^(?:using|preproc_include)$/

function isImport(node: Node): boolean {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (IMPORT.test(at.type)) return true
    if (at.namedChildCount > IMPORTED_MAX) return false
  }
  return false
}

/** A node with more children is a block or the file. */
const IMPORTED_MAX = 1_000
