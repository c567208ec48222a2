// Takes Node's own modules without their ESM faces. To make such a face Node reads every export, and some are getters that load
// what nobody asked for: with `node:http` all of undici, 35 ms of a process on Node 24 [measured].

/** An esbuild plugin. */
export function plainBuiltins() {
  return {
    name: 'plain-builtins',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
        kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
      )
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      }))
    },
  }
}
