import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { covers } from '../../../protocol/scope/covers.ts'
import { intersects } from '../../../protocol/scope/intersect.ts'
import { matchesPath } from '../../../protocol/scope/pattern.ts'
import { parse, samplePatterns, UNIVERSE } from './oracle.ts'

const INSIDE = [
  ['src', 'src/auth'],
  ['src/**', 'src/auth'],
  ['src/**', 'src/auth/login.ts'],
  ['src/*.ts', 'src/a.ts'],
  ['src/*', 'src/*.ts'],
  ['src', 'src/**/*.{ts,tsx}'],
  ['src/**/*.ts', 'src/auth/*.ts'],
  ['src/{a,b}/**', 'src/b/x/**'],
  ['src/*.ts', 'src/[B-D].ts'],
  ['src/?*', 'src/*'],
  ['src/*?', 'src/?*'],
  ['**', 'x/**/y'],
  ['src/*a*', 'src/*ba*'],
  ['packages/{a,b,c}/src/{d,e}/*.{ts,tsx}', 'packages/{b,a}/src/e/*.ts'],
] as const

const NOT_INSIDE = [
  ['src/auth', 'src'],
  ['src/**', 'src'],
  ['src/*', 'src/auth'],
  ['src/*.ts', 'src/**/*.ts'],
  ['src/a*', 'src/*'],
  ['src/a*b', 'src/a*'],
  ['src/{a,b}', 'src/{a,c}'],
  ['src/[a-c].ts', 'src/[b-d].ts'],
  // The inner one is also the file that it spells.
  ['src/[a-z].ts', 'src/[b-d].ts'],
  ['src/auth', 'lib/auth'],
] as const

describe('covers', () => {
  for (const [outer, inner] of INSIDE) {
    it(`finds ${inner} inside ${outer}`, () => {
      assert.equal(covers(parse(outer), parse(inner)), true)
    })
  }

  for (const [outer, inner] of NOT_INSIDE) {
    it(`does not find ${inner} inside ${outer}`, () => {
      assert.equal(covers(parse(outer), parse(inner)), false)
    })
  }

  it('says yes only where every path of a small world agrees, and seldom no without a reason', () => {
    const texts = samplePatterns(220, 17)
    const worlds = texts.map((text) => {
      const pattern = parse(text)
      return { text, pattern, paths: UNIVERSE.filter((path) => matchesPath(pattern, path)) }
    })
    let unsure = 0
    let sure = 0
    for (const outer of worlds) {
      for (const inner of worlds) {
        const isInside = covers(outer.pattern, inner.pattern)
        const stray = inner.paths.find((path) => !matchesPath(outer.pattern, path))
        if (!isInside) {
          if (stray === undefined && inner.paths.length > 3) unsure++
          continue
        }
        sure++
        assert.equal(stray, undefined, `${outer.text} covers ${inner.text}`)
        assert.ok(intersects(outer.pattern, inner.pattern))
      }
    }
    assert.ok(sure > 1_000, `${String(sure)} sure`)
    // Most of these differ outside the small world (`[!a]` there is just b and the dot).
    assert.ok(unsure < sure, `${String(unsure)} unsure of ${String(sure)}`)
  })

  it('holds itself, and what is inside what is inside', () => {
    const patterns = samplePatterns(60, 23).map(parse)
    for (const a of patterns) {
      assert.ok(covers(a, a), a.text)
      for (const b of patterns) {
        if (!covers(a, b)) continue
        for (const c of patterns) {
          if (!covers(b, c)) continue
          const stray = UNIVERSE.find((path) => matchesPath(c, path) && !matchesPath(a, path))
          assert.equal(stray, undefined)
        }
      }
    }
  })

  it('gives up on patterns made to be slow', () => {
    const hard = ['?*', '*?', '*a', '[ab]*'].map((text) => parse(`${text.repeat(200)}z`))
    const started = performance.now()
    for (const a of hard) for (const b of hard) covers(a, b)
    assert.ok(performance.now() - started < 2_000)
  })
})
