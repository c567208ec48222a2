// Every wasm file that the parser thread may load, as a path in node_modules. The build copies them.
import { LANGUAGES } from './languages.ts'

export const PARSER_WASM = 'web-tree-sitter/web-tree-sitter.wasm'

export const GRAMMAR_FILES: readonly string[] = [
  PARSER_WASM,
  ...LANGUAGES.map(({ grammar }) => grammar),
]
