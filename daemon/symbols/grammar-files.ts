// Every wasm file that the parser thread may load, as a path in node_modules. The build copies them.
import { LANGUAGES } from './languages.ts'

export const PARSER_WASM = 'web-tree-sitter/web-tree-sitter.wasm'

/** Commands are read with it; what a script declares is nobody's claim. */
export const SHELL_WASM = '@cursorless/tree-sitter-wasms/out/tree-sitter-bash.wasm'

export const GRAMMAR_FILES: readonly string[] = [
  PARSER_WASM,
  SHELL_WASM,
  ...LANGUAGES.map(({ grammar }) => grammar),
]
