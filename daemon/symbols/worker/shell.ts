// From the tree of a shell command to plain data: commands, words, redirections. Whatever kind of node is not known here is
// walked through, so that no command in it is missed.
import type { Node, Tree } from 'web-tree-sitter'
import {
  SHELL_DEPTH_MAX,
  type Assigned,
  type Redirect,
  type ShellNode,
  type ShellScript,
  type Word,
  type WordPart,
} from '../../shell-script.ts'

export function shellScript(tree: Tree): ShellScript {
  const reader = new Reader()
  const nodes = reader.statements(tree.rootNode, 0)
  return { nodes, hasErrors: tree.rootNode.hasError || reader.isCut }
}

/** Operators that write where they lead to. */
const WRITING: ReadonlySet<string> = new Set(['>', '>>', '>|', '&>', '&>>', '<>', '>&'])
const NOT_STATEMENTS: ReadonlySet<string> = new Set(['comment', 'heredoc_start', 'heredoc_end'])
const SUBSHELLS: ReadonlySet<string> = new Set([
  'subshell',
  'command_substitution',
  'process_substitution',
])

class Reader {
  isCut = false

  /** The statements among a node's children. */
  statements(node: Node, depth: number): ShellNode[] {
    if (depth > SHELL_DEPTH_MAX) {
      this.isCut = true
      return []
    }
    return childrenOf(node).flatMap((child) => this.statement(child, depth + 1))
  }

  private statement(node: Node, depth: number): ShellNode[] {
    switch (node.type) {
      case 'command':
      case 'declaration_command':
        return this.command(node, depth)
      case 'variable_assignment':
      case 'variable_assignments':
        return this.assignments(node, depth)
      case 'redirected_statement':
        return this.redirected(node, depth)
      case 'pipeline':
        // Each part of a pipeline is a shell of its own.
        return childrenOf(node).flatMap((part) => [group(this.statement(part, depth + 1), true)])
      case 'for_statement':
        return this.loop(node, depth)
      case 'function_definition':
        return this.definition(node, depth)
      default:
        if (NOT_STATEMENTS.has(node.type)) return []
        return SUBSHELLS.has(node.type)
          ? [group(this.statements(node, depth), true)]
          : this.statements(node, depth)
    }
  }

  private command(node: Node, depth: number): ShellNode[] {
    const words: Word[] = node.type === 'declaration_command' ? [declared(node)] : []
    const assigned: Assigned[] = []
    const redirects: Redirect[] = []
    let input: Word | null = null
    const inner: ShellNode[] = []
    for (const child of childrenOf(node)) {
      inner.push(...this.within(child, depth))
      if (child.type === 'variable_assignment') assigned.push(assignmentOf(child))
      else if (child.type === 'file_redirect') redirects.push(...redirectsOf(child))
      else if (child.type === 'herestring_redirect') input = wordOf(childrenOf(child).at(0) ?? null)
      else words.push(wordOf(child.type === 'command_name' ? child.namedChild(0) : child))
    }
    return [...inner, { kind: 'command', words, assigned, redirects, input }]
  }

  private assignments(node: Node, depth: number): ShellNode[] {
    const all = node.type === 'variable_assignment' ? [node] : childrenOf(node)
    const assigned = all.filter(({ type }) => type === 'variable_assignment').map(assignmentOf)
    return [
      ...this.within(node, depth),
      { kind: 'command', words: [], assigned, redirects: [], input: null },
    ]
  }

  /** Commands that a word runs to know itself: `$(…)`, `<(…)`. */
  private within(node: Node, depth: number): ShellNode[] {
    if (depth > SHELL_DEPTH_MAX) {
      this.isCut = true
      return []
    }
    if (SUBSHELLS.has(node.type)) return [group(this.statements(node, depth + 1), true)]
    return childrenOf(node).flatMap((child) => this.within(child, depth + 1))
  }

  private redirected(node: Node, depth: number): ShellNode[] {
    const redirects: Redirect[] = []
    const inner: ShellNode[] = []
    const after: ShellNode[] = []
    let input: Word | null = null
    for (const redirect of node.childrenForFieldName('redirect')) {
      if (redirect.type === 'heredoc_redirect') {
        const read = this.heredoc(redirect, depth)
        redirects.push(...read.redirects)
        after.push(...read.after)
        input = read.input
        continue
      }
      inner.push(...this.within(redirect, depth))
      if (redirect.type === 'file_redirect') redirects.push(...redirectsOf(redirect))
      else input = wordOf(childrenOf(redirect).at(0) ?? null)
    }
    const body = node.childForFieldName('body')
    const isList = body?.type === 'list'
    const statements = body === null ? [] : this.statement(body, depth + 1)
    const whole: ShellNode = {
      kind: 'group',
      body: statements,
      redirects,
      isSubshell: false,
      isList,
      input,
    }
    return [...inner, whole, ...after]
  }

  /** `cat <<EOF > a | tee b`: what follows on the line stands in the redirection's node. */
  private heredoc(
    node: Node,
    depth: number,
  ): {
    readonly redirects: Redirect[]
    readonly after: ShellNode[]
    readonly input: Word | null
  } {
    const redirects: Redirect[] = []
    const after: ShellNode[] = []
    let input: Word | null = null
    for (const child of childrenOf(node)) {
      if (child.type === 'file_redirect') redirects.push(...redirectsOf(child))
      else if (child.type === 'heredoc_body') {
        after.unshift(...this.within(child, depth))
        const isPlain = !childrenOf(child).some(({ type }) => type !== 'heredoc_content')
        input = isPlain ? textWord(child.text) : UNKNOWN
      } else if (!NOT_STATEMENTS.has(child.type)) {
        after.push(...this.statement(child, depth + 1))
      }
    }
    return { redirects, after, input }
  }

  private loop(node: Node, depth: number): ShellNode[] {
    const variable = node.childForFieldName('variable')?.text ?? ''
    const body = node.childForFieldName('body')
    const values = node.childrenForFieldName('value')
    return [
      ...values.flatMap((value) => this.within(value, depth + 1)),
      {
        kind: 'for',
        variable,
        values: values.map(wordOf),
        body: body === null ? [] : this.statements(body, depth + 1),
      },
    ]
  }

  private definition(node: Node, depth: number): ShellNode[] {
    const name = node.childForFieldName('name')?.text ?? ''
    const body = node.childForFieldName('body')
    return [{ kind: 'function', name, body: body === null ? [] : this.statement(body, depth + 1) }]
  }
}

const UNKNOWN: Word = { parts: [{ kind: 'unknown' }] }

function group(body: readonly ShellNode[], isSubshell: boolean): ShellNode {
  return { kind: 'group', body, redirects: [], isSubshell, isList: false, input: null }
}

function childrenOf(node: Node): Node[] {
  return node.namedChildren
}

/** `export`, `local`, `declare`: the word itself is no node of the tree's named ones. */
function declared(node: Node): Word {
  return textWord(node.child(0)?.text ?? 'declare')
}

function assignmentOf(node: Node): Assigned {
  const name = node.childForFieldName('name')
  const value = node.childForFieldName('value')
  // `a+=b` and `a[1]=b` are not followed.
  const isPlain = name?.type === 'variable_name' && node.text.startsWith(`${name.text}=`)
  return { name: name?.text ?? '', value: !isPlain ? UNKNOWN : wordOf(value) }
}

function redirectsOf(node: Node): Redirect[] {
  const operator = operatorOf(node)
  const [destination] = node.childrenForFieldName('destination')
  if (destination === undefined || !WRITING.has(operator)) return []
  // `2>&1` names a descriptor, `>& file` a file; a process substitution was read as the script that it is.
  if (operator === '>&' && /^(?:\d+|-)$/.test(destination.text)) return []
  if (destination.type === 'process_substitution') return []
  return [{ operator, target: wordOf(destination) }]
}

function operatorOf(node: Node): string {
  const signs = node.children.filter((child) => !child.isNamed)
  return signs.map((sign) => sign.text).join('')
}

function textWord(text: string): Word {
  return { parts: [{ kind: 'text', text, isQuoted: true }] }
}

function wordOf(node: Node | null): Word {
  return { parts: node === null ? [] : partsOf(node, false) }
}

function partsOf(node: Node, isQuoted: boolean): WordPart[] {
  const text = (value: string, quoted = isQuoted): WordPart[] => [
    { kind: 'text', text: value, isQuoted: quoted },
  ]
  switch (node.type) {
    case 'word':
      return wordParts(node.text)
    case 'number':
    case 'string_content':
    case 'file_descriptor':
    case 'test_operator':
    case 'extglob_pattern':
    case 'regex':
      return text(node.type === 'string_content' ? unescapeQuoted(node.text) : node.text)
    case 'raw_string':
      return text(node.text.slice(1, -1), true)
    case 'ansi_c_string':
      return /\\/.test(node.text) ? [{ kind: 'unknown' }] : text(node.text.slice(2, -1), true)
    case 'string':
      return stringParts(node)
    // Read where its script is; as a word it is a descriptor.
    case 'process_substitution':
      return text('/dev/fd/63', true)
    case 'concatenation':
      return gapless(node, false)
    case 'simple_expansion':
    case 'expansion':
      return [variablePart(node)]
    default:
      return [{ kind: 'unknown' }]
  }
}

/** Children in their order, with the text between them that is no node: spaces in strings, braces in words. */
function gapless(node: Node, isQuoted: boolean): WordPart[] {
  const parts: WordPart[] = []
  let at = node.startIndex
  for (const child of childrenOf(node)) {
    const between = node.text.slice(at - node.startIndex, child.startIndex - node.startIndex)
    if (between !== '') parts.push({ kind: 'text', text: between, isQuoted })
    parts.push(...partsOf(child, isQuoted))
    at = child.endIndex
  }
  const rest = node.text.slice(at - node.startIndex)
  if (rest !== '') parts.push({ kind: 'text', text: rest, isQuoted })
  return parts
}

function stringParts(node: Node): WordPart[] {
  const parts = gapless(node, true)
  const [first] = parts
  const last = parts.at(-1)
  // The quotes themselves stand between the nodes.
  const opened = first?.kind === 'text' ? [{ ...first, text: first.text.replace(/^"/, '') }] : []
  const head = first?.kind === 'text' ? [...opened, ...parts.slice(1)] : parts
  const end = head.at(-1)
  if (last === undefined || end?.kind !== 'text') return head
  return [...head.slice(0, -1), { ...end, text: end.text.replace(/"$/, '') }]
}

/** `$a` and `${a}`; anything more is the shell's to work out. */
function variablePart(node: Node): WordPart {
  const name = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(node.text)?.[1]
  return name === undefined ? { kind: 'unknown' } : { kind: 'variable', name }
}

/** An escaped sign outside of quotes is the sign itself, and no glob. */
function wordParts(text: string): WordPart[] {
  const parts: WordPart[] = []
  for (const [piece] of text.matchAll(/\\[\s\S]|[^\\]+/g)) {
    if (!piece.startsWith('\\')) parts.push({ kind: 'text', text: piece, isQuoted: false })
    else if (piece !== '\\\n') parts.push({ kind: 'text', text: piece.slice(1), isQuoted: true })
  }
  return parts
}

function unescapeQuoted(text: string): string {
  return text.replace(/\\([$`"\\])/g, '$1').replaceAll('\\\n', '')
}
