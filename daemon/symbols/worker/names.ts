// From the text of a name node to the parts of a path.
import type { Node } from 'web-tree-sitter'

/** Nodes whose text is a path; all others are one part, whatever signs they hold. */
const PATHS: ReadonlySet<string> = new Set([
  'nested_identifier',
  'nested_namespace_specifier',
  'namespace_name',
  'package_identifier',
  'qualified_identifier',
  'qualified_name',
  'scope_resolution',
])
const QUOTED: ReadonlySet<string> = new Set(['string', 'interpreted_string_literal'])
const OPERATOR = /\boperator(?!\w)/
const NAME_CHARACTERS_MAX = 512

/** `a::B<T>::c` → a, B, c; `'x'` → x; `` `x y` `` → x y. Empty for what is no name, such as a declarator. */
export function partsOf(node: Node, text: string): readonly string[] {
  if (text === '' || text.length > NAME_CHARACTERS_MAX || node.type.endsWith('declarator'))
    return []
  const plain = text.replace(/\s+/g, ' ').trim()
  if (QUOTED.has(node.type) && plain.length >= 2) return [plain.slice(1, -1)]
  if (plain.length > 2 && plain.startsWith('`') && plain.endsWith('`')) return [plain.slice(1, -1)]
  if (node.type === 'operator_cast' || node.type === 'operator_name') return [operatorOf(plain)]
  if (node.type === 'template_type' || node.type === 'template_function')
    return [withoutArguments(plain)]
  if (!PATHS.has(node.type)) return [plain]
  const at = plain.search(OPERATOR)
  if (at < 0)
    return withoutArguments(plain)
      .split(/::|\.|\\/)
      .map(trimmed)
      .filter(Boolean)
  const before = withoutArguments(plain.slice(0, at)).split('::').map(trimmed).filter(Boolean)
  return [...before, operatorOf(plain.slice(at))]
}

/** `operator bool() const` → `operator bool`; `operator ==` → `operator==`; `operator()` stays. */
function operatorOf(text: string): string {
  const rest = text.slice('operator'.length).trim()
  if (rest.startsWith('(')) return 'operator()'
  const name = rest.replace(/\(.*$/s, '').trim()
  return /^\w/.test(name) ? `operator ${name.replaceAll('::', '.')}` : `operator${name}`
}

/** Drops what stands in angle brackets. */
function withoutArguments(text: string): string {
  let depth = 0
  let kept = ''
  for (const sign of text) {
    if (sign === '<') depth++
    else if (sign === '>') depth = Math.max(0, depth - 1)
    else if (depth === 0) kept += sign
  }
  return kept
}

function trimmed(text: string): string {
  return text.trim()
}
