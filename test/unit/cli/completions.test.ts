import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { places } from '../../../daemon/cli/completions/grammar.ts'
import { findVerb, VERBS } from '../../../daemon/cli/verbs.ts'
import { runCommand } from '../../helpers/cli-io.ts'

describe('places of a command line', () => {
  it('are there for every verb that people are told of', () => {
    const names = new Set(places().map(({ name }) => name))
    for (const { name } of VERBS) assert.ok(names.has(name), name)
    assert.ok(names.has('task') && names.has(''))
    assert.ok(!names.has('candidates') && findVerb('candidates') !== undefined)
  })

  // The script for fish knows flags by their names alone.
  it('have flags that take a value everywhere or nowhere', () => {
    const takes = new Map<string, boolean>()
    for (const { flag, title } of places().flatMap(({ flags }) => flags)) {
      assert.equal(takes.get(flag) ?? title !== null, title !== null, flag)
      takes.set(flag, title !== null)
    }
  })

  it('know what ids name', () => {
    const words = VERBS.flatMap(({ name, arguments: all, flags }) =>
      [...all, ...flags].map((spec) => ({ name, spec })),
    )
    for (const { name, spec } of words) {
      if (/\b(?:clm|que|req|inv|wip)_…\)?$/.test(spec.help)) {
        assert.notEqual(spec.names, undefined, `${name}: ${spec.help}`)
      }
    }
  })
})

describe('skein completions', () => {
  it('prints a script for each shell, and names them to whoever wants another', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { exit, stdout } = await runCommand(['completions', shell])
      assert.equal(exit, 0)
      assert.match(stdout, new RegExp(`Completions of skein 1\\.2\\.3 for ${shell}`))
    }
    const { exit, stderr } = await runCommand(['completions', 'tcsh'])
    assert.equal(exit, 64)
    assert.match(stderr, /bash, zsh and fish/)
  })
})

describe('skein candidates', () => {
  it('says nothing where no daemon answers, and fails never', async () => {
    const env = { SKEIN_HOME: '/nowhere/at/all', SKEIN_SESSION: 's' }
    for (const naming of ['own-claim', 'machine', 'nonsense', '']) {
      const ran = await runCommand(['candidates', naming, '--', 'release', ''], { env })
      assert.deepEqual(ran, { exit: 0, stdout: '', stderr: '' })
    }
  })
})
