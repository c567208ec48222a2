// A template laid into a foreign JSON file, and taken out of it again. The template says what is ours: a server called
// `skein`, and in lists of hooks whatever calls skein. A key that is neither is only set where it is missing.
import { isDeepStrictEqual } from 'node:util'
import {
  addElement,
  removeElement,
  removeMember,
  replaceNode,
  setMember,
  type Path,
} from './json-edit.ts'
import { formOf, withoutMark } from './form.ts'
import { nodeAt, spansOf } from './json-spans.ts'

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Where a hook over HTTP goes that `init` wrote, in any version of it and to whichever port. */
const OUR_URL = /^http:\/\/127\.0\.0\.1:\d{1,5}\/hooks\/claude$/
/** A variable that is ours by its name. */
const OUR_VARIABLE = /^SKEIN_HTTP_HOOKS$/

export type Edited = { readonly text: string } | { readonly problem: string }

/** A command of a hook that `init` wrote, in any version of it. */
const OUR_COMMAND =
  /\bskein (?:guard|hook (?:session-start|session-end|post-tool|turn-end)) --harness (?:claude|codex|cursor)\b/

/** The foreign text with the template in it; the template where there is none. */
export function mergeJson(text: string | null, templateText: string): Edited {
  if (text === null || withoutMark(text).trim() === '') return { text: templateText }
  const template = parse(templateText)
  return edit(text, (body) => {
    const form = formOf(text)
    let result = body
    for (const part of partsOf(template)) {
      const there = valueAt(parse(result), part.path)
      if (part.kind === 'elements') result = mergeElements(result, part, there, form)
      else if (part.kind === 'own') {
        if (!isDeepStrictEqual(there, part.value))
          result = setMember(result, part.path, part.value, form)
      }
      // Somebody may start our server in a way of their own.
      else if (there === undefined) result = setMember(result, part.path, part.value, form)
    }
    return result
  })
}

/** The foreign text without the template's parts; null when nothing else is left in it. */
export function unmergeJson(text: string, templateText: string): Edited | { readonly text: null } {
  const template = parse(templateText)
  const edited = edit(text, (body) => {
    let result = body
    for (const part of partsOf(template)) {
      if (part.kind === 'elements') result = removeElements(result, part.path)
      if (part.kind === 'own' && valueAt(parse(result), part.path) !== undefined)
        result = removeMember(result, part.path)
      if (
        part.kind === 'server' &&
        isDeepStrictEqual(valueAt(parse(result), part.path), part.value)
      ) {
        result = removeMember(result, part.path)
      }
      if (result !== body)
        result = prune(result, part.path.slice(0, part.kind === 'elements' ? undefined : -1))
    }
    return result
  })
  if ('problem' in edited || edited.text === text) return edited
  const defaults = partsOf(template).filter(({ kind }) => kind === 'default')
  const left = parse(withoutMark(edited.text))
  const isEmpty = Object.keys(left ?? {}).every((key) =>
    defaults.some(({ path }) => path[0] === key),
  )
  return isEmpty ? { text: null } : edited
}

interface Part {
  readonly kind: 'server' | 'elements' | 'own' | 'default'
  readonly path: Path
  readonly value: Json
}

function partsOf(template: Json, path: Path = []): readonly Part[] {
  if (Array.isArray(template)) return [{ kind: 'elements', path, value: template }]
  if (path.at(-2) === 'mcpServers') return [{ kind: 'server', path, value: template }]
  if (!isObject(template))
    return [
      { kind: OUR_VARIABLE.test(path.at(-1) ?? '') ? 'own' : 'default', path, value: template },
    ]
  return Object.entries(template).flatMap(([key, value]) => partsOf(value, [...path, key]))
}

function mergeElements(
  text: string,
  { path, value }: Part,
  there: Json | undefined,
  form: ReturnType<typeof formOf>,
): string {
  const wanted = Array.isArray(value) ? (value as readonly Json[]) : []
  const present = Array.isArray(there) ? (there as readonly Json[]) : []
  const ours = present.filter(holdsOurs)
  if (isDeepStrictEqual(ours, wanted)) return text
  const [index, only] = [present.findIndex(isOurs), wanted[0]]
  const array = nodeAt(spansOf(text), path)
  // In its place, so that an upgrade changes the fewest lines.
  if (ours.length === 1 && wanted.length === 1 && index >= 0 && array?.kind === 'array') {
    const node = array.elements[index]
    if (node !== undefined) return replaceNode(text, node, only, form)
  }
  return wanted.reduce<string>(
    (result, element) => addElement(result, path, element, form),
    removeElements(text, path),
  )
}

/** Elements that are ours whole go; of those that hold others too, only our handlers. */
function removeElements(text: string, path: Path): string {
  let result = text
  for (;;) {
    const present = valueAt(parse(result), path)
    const array = nodeAt(spansOf(result), path)
    if (!Array.isArray(present) || array?.kind !== 'array') return result
    const elements = present as readonly Json[]
    const index = elements.findIndex(holdsOurs)
    const element = elements[index]
    const node = array.elements[index]
    if (element === undefined || node === undefined) return result
    const handlers = isOurs(element) ? undefined : nodeAt(node, ['hooks'])
    const inner =
      isObject(element) && Array.isArray(element['hooks'])
        ? (element['hooks'] as readonly Json[])
        : []
    result =
      handlers?.kind === 'array'
        ? removeElement(result, handlers, inner.findIndex(isOurs))
        : removeElement(result, array, index)
  }
}

/** Takes out containers that have become empty, from the inside out. */
function prune(text: string, path: Path): string {
  if (path.length === 0) return text
  const there = valueAt(parse(text), path)
  const isEmpty = typeof there === 'object' && there !== null && Object.keys(there).length === 0
  return isEmpty ? prune(removeMember(text, path), path.slice(0, -1)) : text
}

/** A handler, or a group of nothing but such handlers. */
function isOurs(value: Json | undefined): boolean {
  if (value === undefined || !isObject(value)) return false
  const { command, url, hooks } = value
  if (Array.isArray(hooks)) return hooks.length > 0 && (hooks as readonly Json[]).every(isOurs)
  if (typeof url === 'string') return OUR_URL.test(url)
  return typeof command === 'string' && OUR_COMMAND.test(command)
}

function holdsOurs(value: Json): boolean {
  if (isOurs(value)) return true
  const hooks = isObject(value) ? value['hooks'] : undefined
  return Array.isArray(hooks) && (hooks as readonly Json[]).some(isOurs)
}

function edit(text: string, change: (body: string) => string): Edited {
  const body = withoutMark(text)
  const mark = text.slice(0, text.length - body.length)
  try {
    if (!isObject(parse(body))) return { problem: 'is JSON, but no object' }
    return { text: mark + change(body) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { problem: error instanceof SyntaxError ? `is no plain JSON (${why})` : why }
  }
}

function parse(text: string): Json {
  return JSON.parse(text) as Json
}

function valueAt(value: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) => (at !== undefined && isObject(at) ? at[key] : undefined),
    value,
  )
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
