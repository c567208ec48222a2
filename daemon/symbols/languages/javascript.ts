// JavaScript with JSX.
import { ECMASCRIPT_QUERY } from './ecmascript.ts'
import type { Language } from './language.ts'

export const javascript: Language = {
  id: 'javascript',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm',
  extensions: ['.js', '.jsx', '.mjs', '.cjs'],
  query: `
${ECMASCRIPT_QUERY}
(class_declaration name: (identifier) @name) @class
(variable_declarator name: (identifier) @name value: (class)) @class
(field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @method
`,
}
