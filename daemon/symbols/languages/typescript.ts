// TypeScript and TSX: two grammars with the same nodes.
import { ECMASCRIPT_QUERY } from './ecmascript.ts'
import type { Language } from './language.ts'

const QUERY = `
${ECMASCRIPT_QUERY}
(function_signature name: (identifier) @name) @function
(class_declaration name: (type_identifier) @name) @class
(abstract_class_declaration name: (type_identifier) @name) @class
(variable_declarator name: (identifier) @name value: (class)) @class
(interface_declaration name: (type_identifier) @name) @interface
(type_alias_declaration name: (type_identifier) @name) @type
(enum_declaration name: (identifier) @name) @enum
(internal_module name: (_) @name) @module
(module name: (_) @name) @module
(method_signature name: (_) @name) @method
(abstract_method_signature name: (_) @name) @method
(public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @method
(internal_module body: (statement_block
  (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @const))))
(internal_module body: (statement_block
  (lexical_declaration (variable_declarator name: (identifier) @name) @const)))
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @const))
(ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name) @const))
(ambient_declaration (_ name: (_) @name)) @span
`

export const typescript: Language = {
  id: 'typescript',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-typescript.wasm',
  extensions: ['.ts', '.mts', '.cts'],
  query: QUERY,
}

export const tsx: Language = {
  id: 'tsx',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-tsx.wasm',
  extensions: ['.tsx'],
  query: QUERY,
}
