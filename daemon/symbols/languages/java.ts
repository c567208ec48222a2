// A constructor has its class's name: `Router::Router`. Fields are not symbols; constants of interfaces are.
import type { Language } from './language.ts'

export const java: Language = {
  id: 'java',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-java.wasm',
  extensions: ['.java'],
  query: `
(class_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(annotation_type_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(method_declaration name: (identifier) @name) @method
(annotation_type_element_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
(compact_constructor_declaration name: (identifier) @name) @method
(constant_declaration declarator: (variable_declarator name: (identifier) @name)) @const
(field_declaration declarator: (variable_declarator name: (identifier) @name value: (lambda_expression))) @method
`,
}
