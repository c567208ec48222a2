// The package is not part of a path: it names all its files.
import type { Language } from './language.ts'

export const go: Language = {
  id: 'go',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-go.wasm',
  extensions: ['.go'],
  query: `
(function_declaration name: (identifier) @name) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @owner
    (pointer_type (type_identifier) @owner)
    (generic_type type: (type_identifier) @owner)
    (pointer_type (generic_type type: (type_identifier) @owner))
    (parenthesized_type (pointer_type (type_identifier) @owner))
  ]))
  name: (field_identifier) @name) @method
(type_spec name: (type_identifier) @name type: (struct_type)) @class
(type_spec name: (type_identifier) @name type: (interface_type)) @interface
(type_spec name: (type_identifier) @name) @type
(type_alias name: (type_identifier) @name) @type
(method_elem name: (field_identifier) @name) @method
(var_spec name: (identifier) @name value: (expression_list . (func_literal) .)) @function
(short_var_declaration
  left: (expression_list . (identifier) @name .)
  right: (expression_list . (func_literal) .)) @function
(source_file (const_declaration (const_spec name: (identifier) @name) @const))
(source_file (var_declaration (var_spec name: (identifier) @name) @const))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @const)))
(type_declaration . (type_spec name: (type_identifier) @name) .) @span
`,
}
