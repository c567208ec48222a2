// Puts what every call starts with into one chunk, and what hooks of harnesses need besides into another. esbuild makes a chunk for each
// set of entries that share a module, and each file that Node loads costs a process 0.6 ms [measured: 24 of them 15 ms]. So every
// module that is loaded by `import()` is made to import these, which all of them then share.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** They and what they import are loaded in few files; none but the last is loaded by `import()`. */
const STARTED = [
  'daemon/shims.ts',
  'daemon/version.ts',
  'daemon/cli/main.ts',
  'daemon/cli/commands/hook.ts',
]

/** An esbuild plugin. @param root the project's folder */
export function startChunk(root) {
  const started = new Set(STARTED.map((file) => path.join(root, file)))
  const lazy = new Set(lazyModules(root))
  return {
    name: 'start-chunk',
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path: wanted, resolveDir }) => {
        const file = path.join(resolveDir, wanted)
        // Imported for nothing but being there, they would be left out.
        return started.has(file) ? { path: file, sideEffects: true } : undefined
      })
      build.onLoad({ filter: /\.tsx?$/ }, ({ path: file }) => {
        if (!lazy.has(file)) return undefined
        const others = [...started].filter((one) => one !== file)
        const names = others.map((one) => `./${path.relative(path.dirname(file), one)}`)
        const imports = names.map((name) => `import ${JSON.stringify(name)};`)
        const contents = imports.join('') + readFileSync(file, 'utf8')
        return { contents, loader: path.extname(file).slice(1) }
      })
    },
  }
}

/** Found before anything is loaded: esbuild may meet a module by a plain import first. */
function lazyModules(root) {
  return ['protocol', 'daemon', 'mcp', 'tui'].flatMap((top) => {
    const folder = path.join(root, top)
    const files = readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name))
    return files
      .filter((file) => /\.tsx?$/.test(file))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(/\bimport\('(\.[^']+)'\)(?!\.)/g)].map(([, name]) =>
          path.join(path.dirname(file), name),
        ),
      )
  })
}
