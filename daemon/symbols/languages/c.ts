// C, and what C++ shares with it. Declarations and macros at file level count, also inside `#if` and `extern "C"`.
import type { Language } from './language.ts'

const FUNCTION = '(function_declarator declarator: (_) @name)'
const VARIABLE = `[
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (_ declarator: (identifier) @name))
]`

/** Alternatives multiply in the query compiler, so names are any node here and declarators are sorted out afterwards. */
export const C_QUERY = `
(function_definition declarator: ${FUNCTION}) @function
(function_definition declarator: (pointer_declarator declarator: ${FUNCTION})) @function
(function_definition declarator: (pointer_declarator (pointer_declarator ${FUNCTION}))) @function
(struct_specifier name: (_) @name body: (_)) @class
(union_specifier name: (_) @name body: (_)) @class
(enum_specifier name: (_) @name body: (_)) @enum
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator declarator: (type_identifier) @name)
  (function_declarator declarator: (parenthesized_declarator (pointer_declarator (type_identifier) @name)))
]) @type
(preproc_def name: (identifier) @name value: (_)) @const
(preproc_function_def name: (identifier) @name) @function
(declaration declarator: ${FUNCTION} (#set! outside "functions")) @function
(declaration declarator: (pointer_declarator ${FUNCTION}) (#set! outside "functions")) @function
(declaration declarator: ${VARIABLE} (#set! outside "functions")) @const
`

export const c: Language = {
  id: 'c',
  grammar: '@repomix/tree-sitter-wasms/out/tree-sitter-c.wasm',
  extensions: ['.c'],
  query: C_QUERY,
}
