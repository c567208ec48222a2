// A class and its companion object are one symbol. `package a.b` names the whole file and is not part of a path;
// `package a { … }` is.
import type { Language } from './language.ts'

const TEMPLATES = ['compilation_unit', 'template_body']

export const scala: Language = {
  id: 'scala',
  grammar: '@cursorless/tree-sitter-wasms/out/tree-sitter-scala.wasm',
  extensions: ['.scala', '.sc'],
  isIndented: true,
  query: `
(package_clause name: (_) @name body: (_)) @module
(package_object name: (identifier) @name) @module
(class_definition name: (_) @name) @class
(object_definition name: (_) @name) @class
(trait_definition name: (_) @name) @interface
(enum_definition name: (_) @name) @enum
(type_definition name: (_) @name) @type
(function_definition name: (_) @name) @function
(function_declaration name: (_) @name) @function
(given_definition name: (_) @name) @const
(val_definition pattern: (identifier) @name value: (lambda_expression)) @function
${TEMPLATES.map(
  (place) => `
(${place} (val_definition pattern: (identifier) @name) @const)
(${place} (val_definition pattern: (identifiers (identifier) @name)) @const)
(${place} (var_definition pattern: (identifier) @name) @const)
(${place} (val_declaration name: (identifier) @name) @const)`,
).join('')}
`,
}
