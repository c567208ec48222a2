// Where the values of a JSON text stand. The text has been accepted by JSON.parse before: there are no comments and no
// mistakes in it, so this only has to count.

export interface Span {
  readonly start: number
  readonly end: number
}

export type Node = Leaf | ObjectNode | ArrayNode

export interface Leaf extends Span {
  readonly kind: 'leaf'
}

export interface ObjectNode extends Span {
  readonly kind: 'object'
  readonly members: readonly Member[]
}

export interface ArrayNode extends Span {
  readonly kind: 'array'
  readonly elements: readonly Node[]
}

/** From its key to the end of its value. */
export interface Member extends Span {
  readonly key: string
  readonly value: Node
}

export function spansOf(text: string): Node {
  return valueAt(text, skipSpace(text, 0))
}

/** The last one of a name counts, as it does for JSON.parse. */
export function memberOf(node: Node | undefined, key: string): Member | undefined {
  return node?.kind === 'object' ? node.members.findLast((member) => member.key === key) : undefined
}

/** The node under a path of keys. */
export function nodeAt(node: Node, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((at, key) => memberOf(at, key)?.value, node)
}

function valueAt(text: string, start: number): Node {
  if (text[start] === '{') return objectAt(text, start)
  if (text[start] === '[') return arrayAt(text, start)
  if (text[start] === '"') return { kind: 'leaf', start, end: stringEnd(text, start) }
  SCALAR.lastIndex = start
  return { kind: 'leaf', start, end: start + (SCALAR.exec(text)?.[0].length ?? 1) }
}

const SCALAR = /[^\s,\]}]+/y
const SPACE = /[\t\n\r ]*/y

function objectAt(text: string, start: number): ObjectNode {
  const members: Member[] = []
  let at = skipSpace(text, start + 1)
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at)
    const value = valueAt(text, skipSpace(text, skipSpace(text, keyEnd) + 1))
    members.push({
      key: JSON.parse(text.slice(at, keyEnd)) as string,
      start: at,
      end: value.end,
      value,
    })
    at = nextItem(text, value.end)
  }
  return { kind: 'object', start, end: at + 1, members }
}

function arrayAt(text: string, start: number): ArrayNode {
  const elements: Node[] = []
  let at = skipSpace(text, start + 1)
  while (text[at] !== ']') {
    const element = valueAt(text, at)
    elements.push(element)
    at = nextItem(text, element.end)
  }
  return { kind: 'array', start, end: at + 1, elements }
}

/** The next item, or the closing sign. */
function nextItem(text: string, end: number): number {
  const at = skipSpace(text, end)
  return text[at] === ',' ? skipSpace(text, at + 1) : at
}

function skipSpace(text: string, start: number): number {
  SPACE.lastIndex = start
  return start + (SPACE.exec(text)?.[0].length ?? 0)
}

function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
