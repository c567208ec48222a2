import type { Language } from './language.ts'

export const python: Language = {
  id: 'python',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-python.wasm',
  extensions: ['.py', '.pyi'],
  isIndented: true,
  query: `
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(class_definition body: (block (expression_statement
  (assignment left: (identifier) @name right: (lambda)) @method)))
(module (expression_statement (assignment left: (identifier) @name right: (lambda)) @function))
(module (expression_statement (assignment left: (identifier) @name) @const))
(module (expression_statement (assignment left: (pattern_list (identifier) @name)) @const))
(type_alias_statement left: (type (identifier) @name)) @type
(decorated_definition definition: (_ name: (identifier) @name)) @span
`,
}
