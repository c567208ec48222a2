import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { intersects } from '../../../protocol/scope/intersect.ts'
import { matchesPath, parsePattern } from '../../../protocol/scope/pattern.ts'
import { findWitness } from '../../../protocol/scope/witness.ts'
import {
  isAccepted,
  oracleMatches,
  parse,
  patternText,
  samplePatterns,
  UNIVERSE,
} from './oracle.ts'

const OVERLAPPING = [
  ['src/**', 'src/auth/login.ts'],
  ['src/auth', 'src/auth/x.ts'],
  ['src/auth', 'src/auth'],
  ['src/auth', 'SRC/Auth/x.ts'],
  ['src', 'src/**'],
  ['src/**/*.ts', 'src/auth'],
  ['**', 'a'],
  ['**/x.ts', 'x.ts'],
  ['**/x.ts', 'deep/er/x.ts'],
  ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/c/z/deep.ts'],
  ['src/*_test.py', 'src/test_*.py'],
  ['src/[a-c]x.ts', 'src/?x.ts'],
  ['src/[a-c].ts', 'src/[C-E].ts'],
  ['src/{a,b}.ts', 'src/{b,c}.ts'],
  ['src/{a/b,c}/*.ts', 'src/a/**/x.ts'],
  ['{a,b}', 'b/x'],
  ['app/[id]/page.tsx', 'app/\\[id]/page.tsx'],
  ['**/*.ts', 'lib/chart.js/**'],
  ['lib/chart.js', 'lib/chart.js/src'],
  ['.*', '*.'],
  ['caf\u00e9', 'CAFE\u0301'],
  ['stra\u00dfe', 'STRA\u1e9eE'],
] as const

const APART = [
  ['src/auth_v2/**', 'src/auth/**'],
  ['src/auth_v2', 'src/auth'],
  ['src/auth/*', 'src/auth/deep/f.ts'],
  ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/deep.ts'],
  ['src/*.ts', 'src/*.py'],
  ['src/?', 'src/??'],
  ['src/[a-c].ts', 'src/[d-f].ts'],
  ['src/[!a-z].ts', 'src/[A-Z].ts'],
  ['src/{a,b}.ts', 'src/{c,d}.ts'],
  ['src/a*b', 'src/a*c'],
  ['**/*.ts', 'src/main.rs'],
  ['**/*.ts', 'lib/chart.js'],
  ['src/**', 'lib/**'],
  // Only `..` would fit both, and that is no name.
  ['.?', '?.'],
  ['..*', '??'],
  ['[.]', '?'],
] as const

describe('intersects', () => {
  for (const [a, b] of OVERLAPPING) {
    it(`finds the overlap of ${a} and ${b}`, () => {
      assert.equal(intersects(parse(a), parse(b)), true)
      assert.equal(intersects(parse(b), parse(a)), true)
    })
  }

  for (const [a, b] of APART) {
    it(`tells ${a} and ${b} apart`, () => {
      assert.equal(intersects(parse(a), parse(b)), false)
      assert.equal(intersects(parse(b), parse(a)), false)
    })
  }

  it('minds case where the repository says so', () => {
    const exact = (text: string) => parsePattern(text, { caseExact: true })
    assert.equal(intersects(exact('src/A.ts'), exact('src/a.ts')), false)
    assert.equal(intersects(exact('src/[A-Z].ts'), exact('src/a.ts')), false)
    assert.equal(intersects(exact('src/[!A].ts'), exact('src/a.ts')), true)
  })

  it('agrees with the files of a small world on 10,000 pairs, and proves each overlap by a path', () => {
    const texts = samplePatterns(1_300, 20_260_101)
    const patterns = texts.map(parse)
    const fits = texts.map((text) => UNIVERSE.map((path) => oracleMatches(text, path)))
    assert.ok(texts.length > 1_000)
    let overlaps = 0
    for (let n = 0; n < 10_000; n++) {
      const i = (n * 7) % texts.length
      const j = (n * 13 + Math.floor(n / texts.length)) % texts.length
      const [a, b, ta, tb, fa, fb] = [
        patterns[i],
        patterns[j],
        texts[i],
        texts[j],
        fits[i],
        fits[j],
      ]
      assert.ok(a && b && ta !== undefined && tb !== undefined && fa && fb)
      const pair = `${ta}  ${tb}`
      const isOverlap = intersects(a, b)
      assert.equal(intersects(b, a), isOverlap, `symmetric: ${pair}`)
      const shared = UNIVERSE.find((_, at) => fa[at] === true && fb[at] === true)
      if (shared !== undefined) assert.ok(isOverlap, `${pair} share ${shared}`)
      const witness = findWitness(a, b)
      assert.equal(witness !== null, isOverlap, `witness: ${pair}`)
      if (witness === null) continue
      overlaps++
      assert.ok(matchesPath(a, witness) && matchesPath(b, witness), `${pair}: ${witness}`)
      assert.ok(oracleMatches(ta, witness) && oracleMatches(tb, witness), `${pair}: ${witness}`)
      assert.ok(!/(^|\/)(\.{0,2})(\/|$)/.test(witness), `${pair}: ${witness} is a path`)
    }
    assert.ok(overlaps > 1_000 && overlaps < 9_000, `${String(overlaps)} overlaps`)
  })

  it('overlaps with itself', () => {
    for (const text of samplePatterns(500, 7)) assert.ok(intersects(parse(text), parse(text)), text)
  })

  it('does not depend on how a path is spelled', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samplePatterns(200, 11)), patternText, (a, b) => {
        fc.pre(isAccepted(b))
        const spelled = `./${b}`.replaceAll('/', '//').toUpperCase()
        assert.equal(intersects(parse(a), parse(spelled)), intersects(parse(a), parse(b)))
      }),
      { numRuns: 500 },
    )
  })
})

describe('intersects, on patterns made to be slow', () => {
  const times = (text: string, count: number): string => text.repeat(count)
  const hard = [
    `${times('**/*a/', 170)}x`,
    `${times('*a/**/', 170)}y`,
    `${times('*a', 500)}*b`,
    `${times('a*', 500)}c`,
    `${times('?*', 500)}d`,
    `${times('[ab]*', 200)}e`,
    `${times('[!\u0250-\u02af]*', 110)}f`,
    `${times('*/', 500)}x`,
    `b/${times('?/', 500)}b`,
    `${times('{a,b}', 8)}${times('*a', 100)}*b`,
    `${times('{*,?}/', 8)}a`,
    `${times('{a,*b}', 4)}/**/${times('{a*,b}', 4)}`,
    times('a', 1_000),
    `${times('a/', 500)}b`,
  ]

  it('answers each pair, or refuses the pattern', () => {
    const started = performance.now()
    let pairs = 0
    for (const a of hard) {
      for (const b of hard) {
        if (!isAccepted(a) || !isAccepted(b)) continue
        assert.equal(intersects(parse(a), parse(b)), intersects(parse(b), parse(a)))
        pairs += 2
      }
    }
    assert.ok(pairs > 200)
    // Generous: it takes well under a second, and an exponential answer would take ages.
    assert.ok(performance.now() - started < 10_000)
  })
})
