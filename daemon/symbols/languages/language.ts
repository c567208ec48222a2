// What each language's file holds. The query is run over the whole tree; its captures mean:
//   @name            the node whose text names the declaration; matches that share it are one declaration
//   @function, …     the declaration's node, the capture's name being its kind; of several the earliest pattern's counts
//   @span            a wrapper (`export`, decorators, `template<…>`) that belongs to the declaration's lines
//   @owner           a path that goes before the name: a receiver, the class of an out-of-class definition
// `(#set! outside "functions")`: not a symbol within a function. `(#set! when "holding")`: only if it holds a symbol.
// A declaration without a name node gets one by `(#set! name "default")`. Nesting is by containment of the nodes.

export const KINDS = [
  'function',
  'method',
  'class',
  'interface',
  'type',
  'enum',
  'const',
  'property',
  'module',
] as const

/** Structs, records, actors and impl blocks are `class`; traits and protocols are `interface`; global variables `const`. */
export type SymbolKind = (typeof KINDS)[number]

export interface Language {
  readonly id: string
  /** Package and path of the grammar in node_modules; the bundle has it under its base name. */
  readonly grammar: string
  /** Extensions with the dot, in lower case. */
  readonly extensions: readonly string[]
  /** Whole file names, in lower case. */
  readonly files?: readonly string[]
  readonly query: string
  /** Nesting is by indentation: a declaration in a broken region is believed only at the margin. */
  readonly isIndented?: true
  /** Blocks that are not indented (namespaces): what starts at the margin is not therefore at the file's level. */
  readonly hasFlatBlocks?: true
  /** V8 would optimise this grammar's lexer for ten seconds on every core; see worker/grammars.ts. */
  readonly isSlowToOptimise?: true
}
