// What a script would write, read as a shell would run it, without running it: directories that it goes to, variables that
// it sets, scripts within it. Every branch is taken, since nobody knows which one will be.
// 1. A script that is not read to its end adds an unknown: what is missing is never taken for harmless.
// 2. Both are bounded: scripts within scripts, and commands.
import path from 'node:path'
import type { ShellAnswer } from '../../ports-symbols.ts'
import type { Redirect, ShellNode, ShellScript, Word } from '../../shell-script.ts'
import { patchEdits } from '../decode/patch.ts'
import { programWrites } from './programs.ts'
import { unwrap, type Wrapped } from './wrappers.ts'
import { all, placeOf, valueOfWord, valuesOf } from './words.ts'
import type { Arg, ShellWrite } from './writes.ts'

export interface ShellReading {
  readonly command: string
  /** Where it starts; absolute. */
  readonly folder: string
  readonly home: string
  readonly read: (command: string) => Promise<ShellAnswer>
}

/** What is in `bash -c "bash -c '…'"`; deeper is unknown. */
const SCRIPTS_DEEP_MAX = 5
/** Of all scripts of one command together, calls of functions and rounds of loops included. */
const COMMANDS_MAX = 2_000

/** Each write once. */
export async function shellWrites(reading: ShellReading): Promise<readonly ShellWrite[]> {
  const walk = new Walk(reading)
  const state: State = {
    folder: reading.folder,
    variables: new Map(),
    functions: new Map(),
    deep: 0,
    input: null,
  }
  await walk.script(reading.command, state)
  const found = walk.writes.filter((write) => !isDevice(write))
  const unique = new Map(found.map((write) => [JSON.stringify(write), write]))
  return [...unique.values()]
}

interface State {
  folder: string | null
  readonly variables: Map<string, string | null>
  readonly functions: Map<string, readonly ShellNode[]>
  /** Scripts and functions around this place. */
  readonly deep: number
  readonly input: Word | null
}

class Walk {
  readonly writes: ShellWrite[] = []
  private readonly reading: ShellReading
  private commands = 0

  constructor(reading: ShellReading) {
    this.reading = reading
  }

  async script(command: string, state: State): Promise<void> {
    if (state.deep > SCRIPTS_DEEP_MAX) {
      this.unknown('scripts within scripts')
      return
    }
    const answer = await this.reading.read(command)
    if (answer.kind === 'unknown') this.unknown(`a command that cannot be read (${answer.why})`)
    else await this.whole(answer.script, state)
  }

  private async whole({ nodes, hasErrors }: ShellScript, state: State): Promise<void> {
    await this.nodes(nodes, state)
    if (hasErrors) this.unknown('a command that is no whole script')
  }

  private async nodes(nodes: readonly ShellNode[], state: State): Promise<void> {
    for (const node of nodes) await this.node(node, state)
  }

  private async node(node: ShellNode, state: State): Promise<void> {
    switch (node.kind) {
      case 'function':
        state.functions.set(node.name, node.body)
        return
      case 'for':
        return this.loop(node, state)
      case 'group':
        return this.group(node, state)
      case 'command':
        return this.command(node, state)
    }
  }

  private async group(node: Extract<ShellNode, { kind: 'group' }>, state: State): Promise<void> {
    if (!node.isList) this.redirects(node.redirects, state)
    const input = node.input ?? state.input
    const inner = node.isSubshell ? ownOf(state, { input }) : { ...state, input }
    await this.nodes(node.body, inner)
    if (!node.isSubshell) state.folder = inner.folder
    if (node.isList) this.redirects(node.redirects, state)
  }

  private async loop(
    { variable, values, body }: Extract<ShellNode, { kind: 'for' }>,
    state: State,
  ): Promise<void> {
    const rounds = values.flatMap((word) => valuesOf(word, this.around(state)))
    const known = rounds.filter((value) => value !== null && value.glob === null)
    const isKnown = known.length > 0 && known.length === rounds.length
    for (const value of isKnown ? known : [null]) {
      state.variables.set(variable, value?.text ?? null)
      await this.nodes(body, state)
    }
  }

  private async command(
    node: Extract<ShellNode, { kind: 'command' }>,
    state: State,
  ): Promise<void> {
    if (++this.commands > COMMANDS_MAX) {
      if (this.commands === COMMANDS_MAX + 1) this.unknown('more commands than are looked at')
      return
    }
    this.redirects(node.redirects, state)
    const words = node.words.flatMap((word) => valuesOf(word, this.around(state)))
    for (const { name, value } of node.assigned) {
      const known = valueOfWord(value, this.around(state))
      // `A=b program` sets it for the program alone, which the words before it do not see.
      if (words.length === 0 || isSetter(words[0] ?? null))
        state.variables.set(name, known?.text ?? (value.parts.length === 0 ? '' : null))
    }
    await this.words(words, { ...state, input: node.input ?? state.input }, state)
  }

  /** @param own where the command's directory is kept, should it change */
  private async words(words: readonly Arg[], state: State, own: State): Promise<void> {
    const [first, ...args] = words
    if (first === undefined) return
    if (first === null) {
      this.unknown('a command whose name is not known')
      return
    }
    const name = path.basename(first.text)
    const body = state.functions.get(first.text)
    if (body !== undefined) {
      await this.call(body, own)
      return
    }
    if (name === 'cd' || name === 'pushd' || name === 'popd') {
      own.folder = name === 'popd' ? null : folderAfter(args, this.around(state))
      return
    }
    if (name === 'printf' && args[0]?.text === '-v') forget(args.slice(1, 2), own)
    if (name === 'read' || name === 'unset' || name === 'mapfile') forget(args, own)
    if (name === 'apply_patch' || name === 'applypatch') {
      this.patch(args, state)
      return
    }
    const wrapped = unwrap(name, args)
    if (wrapped === null) {
      this.writes.push(...programWrites(name, args, state.folder))
      return
    }
    await this.wrapped(name, wrapped, state, own)
  }

  private async wrapped(name: string, wrapped: Wrapped, state: State, own: State): Promise<void> {
    if (wrapped.kind === 'unknown') {
      this.unknown(wrapped.why)
      return
    }
    if (wrapped.kind === 'input') {
      await this.fed(state, name)
      return
    }
    const { into, outputs = [] } = wrapped
    this.writes.push(...all(outputs, state.folder, name))
    const there = into === undefined ? state : ownOf(state, { folder: folderOf(into, state) })
    if (wrapped.kind === 'words') {
      const inner = deeper(there)
      // What another process does leaves this shell where it is; `time` is a word of the shell itself.
      const isHere = ['command', 'builtin', 'time'].includes(name)
      if (wrapped.words.length > 0) await this.words(wrapped.words, inner, isHere ? own : inner)
      return
    }
    const later = { folder: null, variables: new Map<string, string | null>() }
    const around = wrapped.isLater === true ? ownOf(there, later) : there
    await this.inner(wrapped.text, name === 'eval', around, own)
  }

  private patch([given]: readonly Arg[], state: State): void {
    const input = state.input === null ? null : valueOfWord(state.input, this.around(state))
    const edits = patchEdits((given ?? input)?.text ?? '')
    if (edits.length === 0) this.unknown('apply_patch')
    for (const { path: file, edit } of edits) {
      const place = placeOf({ text: file, glob: null }, state)
      if (place === null) this.unknown('apply_patch')
      else this.writes.push({ kind: 'file', place, edit })
    }
  }

  /** `eval` runs it in this very shell, any other in one of its own. */
  private async inner(text: string, isEval: boolean, state: State, own: State): Promise<void> {
    const inner = isEval ? { ...own, deep: own.deep + 1 } : deeper(state)
    await this.script(text, inner)
    if (isEval) own.folder = inner.folder
  }

  /** A shell that reads its script from stdin. */
  private async fed(state: State, name: string): Promise<void> {
    const text = state.input === null ? null : valueOfWord(state.input, this.around(state))
    if (text === null) this.unknown(`${name} with a script from elsewhere`)
    else await this.script(text.text, deeper({ ...state, input: null }))
  }

  private async call(body: readonly ShellNode[], state: State): Promise<void> {
    if (state.deep >= SCRIPTS_DEEP_MAX) this.unknown('functions within functions')
    else {
      const inner = { ...state, deep: state.deep + 1 }
      await this.nodes(body, inner)
      state.folder = inner.folder
    }
  }

  private redirects(redirects: readonly Redirect[], state: State): void {
    for (const { target } of redirects) {
      const value = valueOfWord(target, this.around(state))
      this.writes.push(...all([value], state.folder, 'a redirection'))
    }
  }

  private around({ folder, variables }: State) {
    return { folder, variables, home: this.reading.home }
  }

  private unknown(why: string): void {
    this.writes.push({ kind: 'unknown', why })
  }
}

/** Among them stdout itself. */
function isDevice(write: ShellWrite): boolean {
  return write.kind === 'file' && write.place.text.startsWith('/dev/')
}

function ownOf(state: State, more: Partial<State> = {}): State {
  return {
    ...state,
    variables: new Map(state.variables),
    functions: new Map(state.functions),
    ...more,
  }
}

function deeper(state: State): State {
  return ownOf(state, { deep: state.deep + 1 })
}

function folderOf(into: Arg, state: State): string | null {
  return into === null || into.glob !== null ? null : (placeOf(into, state)?.text ?? null)
}

function isSetter(first: Arg): boolean {
  return (
    first !== null && ['export', 'declare', 'local', 'typeset', 'readonly'].includes(first.text)
  )
}

function forget(args: readonly Arg[], state: State): void {
  for (const arg of args) if (arg !== null) state.variables.set(arg.text, null)
}

function folderAfter(
  args: readonly Arg[],
  around: { readonly folder: string | null; readonly home: string },
): string | null {
  const operands = args.filter((arg) => arg === null || !/^-[LPe@]+$|^--$/.test(arg.text))
  const [to] = operands
  if (to === undefined) return around.home
  if (to === null || to.text === '-' || to.glob !== null) return null
  return placeOf(to, around)?.text ?? null
}
