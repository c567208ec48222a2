// An unnamed companion is `Companion`, as the compiler calls it; a secondary constructor is `constructor`.
import type { Language } from './language.ts'

export const kotlin: Language = {
  id: 'kotlin',
  grammar: '@tree-sitter-grammars/tree-sitter-kotlin/tree-sitter-kotlin.wasm',
  extensions: ['.kt', '.kts'],
  query: `
(class_declaration "interface" name: (identifier) @name) @interface
(class_declaration name: (identifier) @name (enum_class_body)) @enum
(class_declaration name: (identifier) @name) @class
(object_declaration name: (identifier) @name) @class
(companion_object name: (identifier) @name) @class
((companion_object !name) @class (#set! name "Companion"))
(function_declaration name: (identifier) @name) @function
((secondary_constructor) @method (#set! name "constructor"))
(type_alias type: (identifier) @name) @type
(source_file (property_declaration (variable_declaration . (identifier) @name) (lambda_literal)) @function)
(source_file (property_declaration (variable_declaration . (identifier) @name)) @const)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @property)
(enum_class_body (property_declaration (variable_declaration . (identifier) @name)) @property)
`,
}
