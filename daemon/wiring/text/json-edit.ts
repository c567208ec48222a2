// Puts members and elements into a JSON text and takes them out, as text: order, indentation and everything around them
// stay. What was put in and taken out again leaves the text as it was, but for the white space in a container without items.
import type { Form } from './form.ts'
import {
  nodeAt,
  spansOf,
  type ArrayNode,
  type Node,
  type ObjectNode,
  type Span,
} from './json-spans.ts'

/** Keys from the root. */
export type Path = readonly string[]

/** Sets a member; containers on the way are made. @throws Error where something else stands on the way. */
export function setMember(text: string, path: Path, value: unknown, form: Form): string {
  const root = spansOf(text)
  const [parentPath, key] = [path.slice(0, -1), path.at(-1) ?? '']
  const there = nodeAt(root, path)
  if (there !== undefined) {
    return splice(text, there, write(value, lineIndent(text, there.start), form))
  }
  const parent = nodeAt(root, parentPath)
  if (parent === undefined) return setMember(text, parentPath, { [key]: value }, form)
  if (parent.kind !== 'object') throw new Error(`${parentPath.join('.')} is no object`)
  return addItem(text, parent, `${JSON.stringify(key)}: `, value, form)
}

export function addElement(text: string, path: Path, value: unknown, form: Form): string {
  const array = nodeAt(spansOf(text), path)
  if (array === undefined) return setMember(text, path, [value], form)
  if (array.kind !== 'array') throw new Error(`${path.join('.')} is no list`)
  return addItem(text, array, '', value, form)
}

export function replaceNode(text: string, node: Node, value: unknown, form: Form): string {
  return splice(text, node, write(value, lineIndent(text, node.start), form))
}

export function removeMember(text: string, path: Path): string {
  const parent = nodeAt(spansOf(text), path.slice(0, -1))
  if (parent?.kind !== 'object') return text
  const index = parent.members.findLastIndex(({ key }) => key === path.at(-1))
  return index < 0 ? text : removeItem(text, parent, parent.members, index)
}

export function removeElement(text: string, array: ArrayNode, index: number): string {
  return removeItem(text, array, array.elements, index)
}

function addItem(
  text: string,
  container: ObjectNode | ArrayNode,
  prefix: string,
  value: unknown,
  form: Form,
): string {
  const items = container.kind === 'object' ? container.members : container.elements
  const [first, last] = [items[0], items.at(-1)]
  const outer = lineIndent(text, container.start)
  if (last === undefined || first === undefined) {
    const inner = outer + form.indent
    const item = prefix + write(value, inner, form)
    const put = `${form.lineBreak}${inner}${item}${form.lineBreak}${outer}`
    return text.slice(0, container.start + 1) + put + text.slice(container.end - 1)
  }
  const gap = text.slice(container.start + 1, first.start)
  const isOneLine = !gap.includes('\n')
  const item = isOneLine
    ? compactly(prefix, value, text)
    : prefix + write(value, lineIndent(text, last.start), form)
  const between = isOneLine ? (/,(\s*)\S/.exec(text)?.[1] ?? gap) : gap
  return `${text.slice(0, last.end)},${between}${item}${text.slice(last.end)}`
}

function removeItem(text: string, container: Span, items: readonly Span[], index: number): string {
  const [item, before, after] = [items[index], items[index - 1], items[index + 1]]
  if (item === undefined) return text
  if (before !== undefined) return text.slice(0, before.end) + text.slice(item.end)
  if (after !== undefined) return text.slice(0, item.start) + text.slice(after.start)
  return text.slice(0, container.start + 1) + text.slice(container.end - 1)
}

function splice(text: string, { start, end }: Span, put: string): string {
  return text.slice(0, start) + put + text.slice(end)
}

/** As JSON.stringify writes it, but short lists of words on one line, as people and formatters do. */
function write(value: unknown, indent: string, { indent: unit, lineBreak }: Form): string {
  const lines = JSON.stringify(value, null, unit)
    .replace(/\[\n\s+("(?:[^"\\\n]|\\.)*")\n\s+\]/g, '[$1]')
    .split('\n')
  return lines.map((line, i) => (i === 0 ? line : indent + line)).join(lineBreak)
}

/** In a text without line breaks between items: with spaces where the text has them. */
function compactly(prefix: string, value: unknown, text: string): string {
  const json = JSON.stringify(value)
  return /":\S/.test(text) ? prefix.trimEnd() + json : prefix + json
}

/** The white space that the line of a position begins with. */
function lineIndent(text: string, position: number): string {
  const start = text.lastIndexOf('\n', position - 1) + 1
  return /^[\t ]*/.exec(text.slice(start, position))?.[0] ?? ''
}
