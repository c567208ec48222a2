import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SkeinError } from '../../../protocol/errors.ts'
import { LIMITS } from '../../../protocol/limits.ts'
import { escapePath, matchesPath, parsePattern } from '../../../protocol/scope/pattern.ts'
import {
  isAccepted,
  oracleMatches,
  parse,
  patternText,
  samplePatterns,
  UNIVERSE,
} from './oracle.ts'

const CANONICAL = [
  ['src/a.ts', 'src/a.ts'],
  ['./src//a.ts', 'src/a.ts'],
  ['/src/./a.ts', 'src/a.ts'],
  ['src/.', 'src'],
  ['src/', 'src/**'],
  ['src/**/**', 'src/**'],
  ['src/**/', 'src/**'],
  ['src/a**b', 'src/a*b'],
  ['src/***', 'src/*'],
  ['src\\auth\\x.ts', 'src/auth/x.ts'],
  ['src/\\[id\\]/x.ts', 'src/\\[id]/x.ts'],
  ['{{name}}/x.py', '\\{\\{name\\}\\}/x.py'],
  ['a,b', 'a,b'],
  ['{a\\,b,c}', '{a\\,b,c}'],
  ['./!a', '\\!a'],
  ['app/[user-id]', 'app/\\[user-id]'],
  ['app/[[...slug]]', 'app/[[...slug]]'],
  ['cafe\u0301', 'caf\u00e9'],
] as const

const REFUSED = [
  ['', /empty/],
  ['  ', /empty/],
  ['.', /names no path/],
  ['//', /names no path/],
  ['{,a}', /names no path/],
  ['!src', /begins with `!`/],
  ['../x', /`\.\.` segment/],
  ['src/../x', /`\.\.` segment/],
  ['src/{a,..}/x', /`\.\.` segment/],
  ['src\\..\\x', /`\.\.` segment/],
  ['a\0b', /control character/],
  ['a\nb', /control character/],
  ['a\u202eb', /writing direction/],
  ['a\ud800', /control character/],
  ['src/[ab', /`\[` that is never closed/],
  ['src/[a/b]', /`\[` that is never closed/],
  ['src/{a,b', /`\{` that is never closed/],
  ['src/a,b}', /`\}` that nothing opened/],
  ['src/{1..9}.ts', /sequence/],
  ['src/[[:alpha:]]', /named class/],
  ['x'.repeat(LIMITS.patternCharactersMax + 1), /1025 characters/],
  ['{a,b}'.repeat(9), /more than 256 alternatives/],
  ['{a,b}'.repeat(200), /more than 256 alternatives/],
  [`{a,b}{c,d}{e,f}/${'*a'.repeat(450)}`, null],
  [`{a,b}{c,d}{e,f}${'*a'.repeat(450)}`, /judged in time/],
] as const

const COVERED = [
  ['src/auth', 'src/auth'],
  ['src/auth', 'src/auth/deep/x.ts'],
  ['src/auth/', 'src/auth/x.ts'],
  ['src/**', 'src/x.ts'],
  ['**/x.ts', 'x.ts'],
  ['src/**/x.ts', 'src/x.ts'],
  ['*', '.env'],
  ['src/[a-c].ts', 'SRC/B.ts'],
  ['app/[id].tsx', 'app/[id].tsx'],
  ['app/[id].tsx', 'app/i.tsx'],
  ['app/[lang]/[slug]/*.tsx', 'app/[lang]/[slug]/page.tsx'],
  ['src/{a,b}', 'src/b/x.ts'],
  ['src/{a,b/c}.ts', 'src/b/c.ts'],
  ['src/\\*.ts', 'src/*.ts'],
  ['[]a]x', ']x'],
  ['[a-]x', '-x'],
  ['[\\^a]x', '^x'],
  ['?', '\u{1f600}'],
  ['caf\u00e9', 'CAFE\u0301/menu'],
  ['[\u03b1-\u03c9]', '\u03a3'],
] as const

const NOT_COVERED = [
  ['src/auth', 'src/auth2'],
  ['src/**', 'src'],
  ['src/auth/', 'src/auth'],
  ['src/auth/*', 'src/auth/deep/f.ts'],
  ['src/*', 'lib/src/x'],
  ['x.ts', 'src/x.ts'],
  ['src/\\*.ts', 'src/a.ts'],
  ['[!a]', 'A'],
  ['[^a-c]x', 'bx'],
  ['?', 'ab'],
] as const

describe('parsePattern', () => {
  for (const [written, canonical] of CANONICAL) {
    it(`writes ${written} as ${canonical}`, () => {
      assert.equal(parse(written).text, canonical)
      assert.equal(parse(canonical).text, canonical)
    })
  }

  for (const [written, reason] of REFUSED) {
    it(`${reason === null ? 'takes' : 'refuses'} ${JSON.stringify(written.slice(0, 40))}`, () => {
      if (reason === null) {
        parse(written)
        return
      }
      assert.throws(
        () => parse(written),
        (error) =>
          error instanceof SkeinError &&
          error.code === 'INPUT_PATTERN' &&
          reason.test(error.message) &&
          !/[\0\n\u202e]/.test(error.message),
      )
    })
  }

  it('gives a canonical text that is its own, and means the same', () => {
    for (const text of samplePatterns(500, 1)) {
      const pattern = parse(text)
      const again = parse(pattern.text)
      assert.equal(again.text, pattern.text)
      for (const path of UNIVERSE)
        assert.equal(matchesPath(again, path), matchesPath(pattern, path))
    }
  })

  it('answers any text with a stable pattern or with INPUT_PATTERN', () => {
    const signs = fc.constantFrom(...Array.from('*?[]{},!^-\\/.ab:\u00e9\u0301J\u030c'))
    const anything = fc.oneof(
      fc.string({ unit: signs, maxLength: 24 }),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(anything, (text) => {
        if (!isAccepted(text)) return
        const { text: canonical } = parse(text)
        assert.equal(parse(canonical).text, canonical)
      }),
      { numRuns: 3_000 },
    )
  })

  it('names the one path of a pattern without signs', () => {
    assert.equal(parse('src/Auth/\\[id\\].ts').path, 'src/Auth/[id].ts')
    assert.equal(parse('src/*').path, null)
    assert.equal(parse('src/').path, null)
    assert.equal(parse('{a,b}').path, null)
  })
})

describe('matchesPath', () => {
  for (const [pattern, path] of COVERED) {
    it(`covers ${path} by ${pattern}`, () => {
      assert.equal(matchesPath(parse(pattern), path), true)
    })
  }

  for (const [pattern, path] of NOT_COVERED) {
    it(`does not cover ${path} by ${pattern}`, () => {
      assert.equal(matchesPath(parse(pattern), path), false)
    })
  }

  it('agrees with a naive matcher on every path of a small world', () => {
    for (const text of samplePatterns(800, 3)) {
      const pattern = parse(text)
      for (const path of UNIVERSE) {
        assert.equal(matchesPath(pattern, path), oracleMatches(text, path), `${text}  ${path}`)
      }
    }
  })

  it('tells names of different case apart where case is exact', () => {
    const pattern = parsePattern('src/[A-Z]*.ts', { caseExact: true })
    assert.equal(matchesPath(pattern, 'src/Ab.ts'), true)
    assert.equal(matchesPath(pattern, 'src/ab.ts'), false)
  })
})

describe('escapePath', () => {
  it('makes a pattern of any path that a tree can hold', () => {
    const name = fc
      .string({
        unit: fc.constantFrom(...Array.from('ab*?[]{},!^-\\.\n\u202e')),
        minLength: 1,
        maxLength: 8,
      })
      .filter((text) => text !== '.' && text !== '..' && text.trim() !== '')
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (names) => {
        const path = names.join('/')
        const pattern = parse(escapePath(path))
        assert.ok(matchesPath(pattern, path))
        if (!/[\\\n\u202e]/.test(path)) assert.equal(pattern.path, path)
      }),
      { numRuns: 1_000 },
    )
  })
})

// Keeps the arbitrary honest: a world in which everything is refused proves nothing.
describe('the sample of patterns', () => {
  it('is accepted for the most part', () => {
    assert.ok(fc.sample(patternText, { numRuns: 500, seed: 5 }).filter(isAccepted).length > 400)
  })
})
