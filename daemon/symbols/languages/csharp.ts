// `namespace A.B { … }` goes before the paths of what it holds; `namespace A.B;` does not, it names the whole file.
import type { Language } from './language.ts'

export const csharp: Language = {
  id: 'csharp',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-c-sharp.wasm',
  extensions: ['.cs', '.csx'],
  query: `
(namespace_declaration name: (_) @name) @module
(class_declaration name: (identifier) @name) @class
(struct_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(delegate_declaration name: (identifier) @name) @type
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
((destructor_declaration) @method (#set! name "Finalize"))
(local_function_statement name: (identifier) @name) @function
(property_declaration name: (identifier) @name) @property
(event_declaration name: (identifier) @name) @property
((indexer_declaration) @property (#set! name "this"))
`,
}
