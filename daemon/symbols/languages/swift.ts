// An extension's members belong to the type that it extends. Initialisers are `init`, `deinit`, `subscript`.
import type { Language } from './language.ts'

export const swift: Language = {
  id: 'swift',
  grammar: '@repomix/tree-sitter-wasms/out/tree-sitter-swift.wasm',
  extensions: ['.swift'],
  isSlowToOptimise: true,
  query: `
(class_declaration "enum" name: (type_identifier) @name) @enum
(class_declaration name: (type_identifier) @name) @class
(class_declaration "extension" name: (user_type (type_identifier) @name .)) @class
(protocol_declaration name: (type_identifier) @name) @interface
(typealias_declaration name: (type_identifier) @name) @type
(associatedtype_declaration name: (type_identifier) @name) @type
(function_declaration name: (simple_identifier) @name) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(macro_declaration (simple_identifier) @name) @function
((init_declaration) @method (#set! name "init"))
((deinit_declaration) @method (#set! name "deinit"))
((subscript_declaration) @method (#set! name "subscript"))
(source_file (property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name) value: (lambda_literal)) @function)
(source_file (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @const)
(class_body (property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)) @property)
(enum_class_body (property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)) @property)
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @property
`,
}
