// `namespace A\\B { … }` goes before the paths of what it holds; `namespace A\\B;` does not, it names the whole file.
import type { Language } from './language.ts'

export const php: Language = {
  id: 'php',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-php.wasm',
  extensions: ['.php', '.phtml'],
  query: `
(namespace_definition name: (namespace_name) @name body: (_)) @module
(class_declaration name: (name) @name) @class
(trait_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(enum_declaration name: (name) @name) @enum
(function_definition name: (name) @name) @function
(method_declaration name: (name) @name) @method
(const_element . (name) @name) @const
(assignment_expression
  left: (variable_name) @name
  right: [(anonymous_function) (arrow_function)]) @function
`,
}
