// A repository of a few paths, and what each pattern covers in it, worked out by trying every path: the judge that the
// production judge is checked against. It shares no code with protocol/scope. A name with an extension is a file here, too.

export const PATHS: readonly string[] = [
  'src/a.ts',
  'src/b.ts',
  'src/api/a.ts',
  'src/api/x.ts',
  'src/api/deep/x.ts',
  'docs/a.md',
  'docs/b.md',
  'docs/api/x.ts',
  'x.ts',
  'a.ts',
  'README.md',
  'src/x.ts',
  'docs/a.ts',
]

export const PATTERNS: readonly string[] = [
  'src/a.ts',
  'src/b.ts',
  'src/api/x.ts',
  'src/api',
  'src/**',
  'src/*.ts',
  'src/api/*',
  '**/x.ts',
  '**/a.ts',
  'docs/**',
  'docs/a.md',
  'docs/*.md',
  'README.md',
  'x.ts',
  'src/?.ts',
]

/** Beside them, paths that tell patterns apart which cover the same of those above: for questions of containment. */
const PROBES: readonly string[] = [
  'src/long.ts',
  'src/a.md',
  'src/api/long.md',
  'src/api/deep/a.ts',
  'src/api',
  'src/deep/x.ts',
  'docs/long.md',
  'docs/deep/a.md',
  'other/x.ts',
  'other/a.ts',
]

/** Beside the files: tasks of workers, and what is held to land. */
export const TASKS: readonly string[] = ['T1', 'T2', 'T3']
export const LANDING = 'landing/main'
const OTHERS: readonly string[] = [...TASKS, LANDING]

/** No file, so no policy of files says anything of it. */
export function isNoFile(pattern: string): boolean {
  return OTHERS.includes(pattern)
}

/** Scopes that nobody else asks for. */
export const QUIET = 'quiet/live.txt'

const masks = new Map<string, number>()

/** The paths that a pattern covers, as bits. */
export function maskOf(pattern: string): number {
  let mask = masks.get(pattern)
  if (mask === undefined) {
    const test = toRegExp(pattern)
    mask = PATHS.reduce((bits, path, at) => (test.test(path) ? bits | (1 << at) : bits), 0)
    if (pattern === QUIET) mask = 1 << PATHS.length
    if (isNoFile(pattern)) mask = 1 << (PATHS.length + 1 + OTHERS.indexOf(pattern))
    masks.set(pattern, mask)
  }
  return mask
}

/** Is every path of the inner one, of all that there might be, a path of the outer one? */
export function isInside(inner: string, outer: string): boolean {
  const [small, large] = [toRegExp(inner), toRegExp(outer)]
  return [...PATHS, ...PROBES, QUIET].every((path) => !small.test(path) || large.test(path))
}

/** Patterns of the universe inside this one, other than itself. */
export function insideOf(pattern: string): readonly string[] {
  const outer = maskOf(pattern)
  return PATTERNS.filter((inner) => {
    const mask = maskOf(inner)
    return inner !== pattern && mask !== 0 && (mask & ~outer) === 0
  })
}

function toRegExp(pattern: string): RegExp {
  const hasSigns = /[*?]/.test(pattern)
  const text = pattern
    .split('/')
    .map((segment) =>
      segment === '**'
        ? '\u0000'
        : segment
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replace(/\*/g, '[^/]*')
            .replace(/\?/g, '[^/]'),
    )
    .join('/')
    .replace(/^\u0000\//, '(?:.*/)?')
    .replace(/\/\u0000\//g, '/(?:.*/)?')
    .replace(/\/\u0000$/, '/.+')
  return new RegExp(`^${text}${hasSigns ? '' : '(?:/.*)?'}$`)
}
