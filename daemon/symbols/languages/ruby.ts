// `def self.f` and `class << self` are both `A::f`.
import type { Language } from './language.ts'

export const ruby: Language = {
  id: 'ruby',
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-ruby.wasm',
  extensions: ['.rb', '.rake', '.gemspec', '.ru'],
  files: ['rakefile', 'gemfile', 'guardfile', 'podfile', 'fastfile'],
  query: `
(module name: (_) @name) @module
(class name: (_) @name) @class
(method name: (_) @name) @function
(singleton_method object: (self) name: (_) @name) @function
(singleton_method object: (constant) @owner name: (_) @name) @function
(assignment left: (constant) @name) @const
`,
}
