// C++, and headers of either language. `void a::B<T>::c()` outside its class is `a::B::c`, like the one inside.
import { C_QUERY } from './c.ts'
import type { Language } from './language.ts'

const FUNCTION = '(function_declarator declarator: (_) @name)'

export const cpp: Language = {
  id: 'cpp',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-cpp.wasm',
  extensions: ['.cc', '.cpp', '.cxx', '.h', '.hh', '.hpp', '.hxx', '.ipp', '.inl', '.tpp'],
  hasFlatBlocks: true,
  query: `
(class_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @module
(concept_definition name: (identifier) @name) @interface
(alias_declaration name: (type_identifier) @name) @type
(function_definition declarator: (reference_declarator ${FUNCTION})) @function
(function_definition declarator: (operator_cast) @name) @method
(function_definition declarator: (qualified_identifier) @name) @method
(field_declaration declarator: ${FUNCTION}) @method
(field_declaration declarator: (pointer_declarator ${FUNCTION})) @method
(field_declaration declarator: (reference_declarator ${FUNCTION})) @method
(declaration declarator: (operator_cast) @name (#set! outside "functions")) @method
(declaration declarator: (reference_declarator ${FUNCTION}) (#set! outside "functions")) @function
(declaration declarator: (init_declarator declarator: (identifier) @name value: (lambda_expression))) @function
(template_declaration (_ name: (_) @name)) @span
(template_declaration (_ declarator: ${FUNCTION})) @span
${C_QUERY}
`,
}
