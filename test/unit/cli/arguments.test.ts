import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCommand, parseDuration, wantsJson } from '../../../daemon/cli/arguments.ts'
import { VERBS } from '../../../daemon/cli/verbs.ts'
import { OPERATION_NAMES, SkeinError } from '../../../protocol/index.ts'

function parse(line: string): { verb: string; fields: Readonly<Record<string, unknown>> } {
  const { verb, fields } = parseCommand(line === '' ? [] : line.split(' '))
  return { verb: verb.name, fields }
}

function refusal(line: string): SkeinError {
  try {
    parse(line)
  } catch (error) {
    assert.ok(error instanceof SkeinError)
    assert.equal(error.code, 'INPUT_USAGE')
    assert.equal(error.exit, 64)
    return error
  }
  assert.fail(`\`${line}\` was understood`)
}

describe('parseCommand', () => {
  it('knows every operation of the table, and the verbs of this machine', () => {
    const names = new Set(VERBS.map(({ name }) => name))
    for (const name of OPERATION_NAMES) assert.ok(names.has(name.replace('/', ' ')), name)
    for (const name of ['up', 'down', 'mcp', 'logs', 'try', 'init', 'config validate', 'version'])
      assert.ok(names.has(name), name)
    assert.equal(names.size, VERBS.length)
  })

  const READINGS: readonly (readonly [string, string, object])[] = [
    ['', 'help', {}],
    ['claim src docs/**', 'claim', { patterns: ['src', 'docs/**'] }],
    ['claim a --ttl 15m b', 'claim', { patterns: ['a', 'b'], ttl_s: 900 }],
    ['claim a --ttl=4h', 'claim', { patterns: ['a'], ttl_s: 14_400 }],
    ['claim a --ttl 1h --ttl 2h', 'claim', { patterns: ['a'], ttl_s: 7200 }],
    ['claim --resource p --resource q', 'claim', { resources: ['p', 'q'] }],
    ['claim --shared --no-narrow x', 'claim', { shared: true, no_narrow: true, patterns: ['x'] }],
    ['claim -- --odd-name', 'claim', { patterns: ['--odd-name'] }],
    ['claim --description=--x', 'claim', { description: '--x' }],
    ['--json claim a', 'claim', { json: true, patterns: ['a'] }],
    ['--repo a/b --quiet check x', 'check', { repo: 'a/b', quiet: true, patterns: ['x'] }],
    ['claims --limit 5', 'claims', { limit: 5 }],
    ['narrow clm_1 a b', 'narrow', { id: 'clm_1', patterns: ['a', 'b'] }],
    ['audit verify', 'audit verify', {}],
    ['config', 'config', {}],
    ['config validate', 'config validate', {}],
    ['help audit verify', 'help', { verb: ['audit', 'verify'] }],
    ['narrow --help', 'narrow', { help: true }],
    ['claim -h', 'claim', { help: true }],
    ['--version', 'version', {}],
    ['up --http-port 0', 'up', { http_port: 0 }],
  ]
  for (const [line, verb, fields] of READINGS) {
    it(`reads \`skein ${line}\``, () => {
      assert.deepEqual(parse(line), { verb, fields })
    })
  }

  const CORRECTIONS: readonly (readonly [string, string, string])[] = [
    ['clami src', 'claim', 'skein claim src'],
    ['chek a', 'check', 'skein check a'],
    ['statsu --json', 'status', 'skein status --json'],
    ['audit', 'audit verify', 'skein audit verify'],
    ['claim a --tll 4h', '--ttl', 'skein claim a --ttl 4h'],
    ['claim a --descripton=x', '--description', 'skein claim a --description=x'],
    ['claims --mien', '--mine', 'skein claims --mine'],
    ['--jsn status', '--json', 'skein --json status'],
  ]
  for (const [line, nearest, hint] of CORRECTIONS) {
    it(`names the nearest right word for \`skein ${line}\``, () => {
      const error = refusal(line)
      assert.deepEqual(error.data, { nearest })
      assert.equal(error.hint, hint)
      assert.match(error.message, new RegExp(nearest))
    })
  }

  it('points to the help where nothing is near', () => {
    assert.equal(refusal('frobnicate').hint, 'skein help')
    assert.equal(refusal('claim --frobnicate').hint, 'skein help claim')
  })

  const REFUSALS: readonly (readonly [string, RegExp])[] = [
    ['claim a --ttl', /--ttl needs a value: --ttl TIME/],
    ['claim a --ttl --json', /--ttl needs a value/],
    ['claim a --ttl soon', /a time such as 90s, 15m, 4h or 10d, not `soon`/],
    ['claim a --json=yes', /--json takes no value/],
    ['claims --limit many', /whole number, not `many`/],
    ['status now', /status takes no arguments, and got `now`/],
    ['why a b', /why takes only PATH, and got `b`/],
    ['why', /why needs PATH/],
    ['narrow', /narrow needs ID/],
    ['release ', /release got an empty ID/],
    ['up --json --http-port -1', /--http-port needs a value/],
  ]
  for (const [line, message] of REFUSALS) {
    it(`refuses \`skein ${line}\``, () => {
      const error = refusal(line)
      assert.match(error.message, message)
      assert.match(error.hint, /^skein help /)
    })
  }

  it('hints a command that a shell reads back', () => {
    const error = (() => {
      try {
        parseCommand(['clami', 'src/**', '--description', "it's"])
      } catch (thrown) {
        return thrown
      }
      return null
    })()
    assert.ok(error instanceof SkeinError)
    assert.equal(error.hint, `skein claim 'src/**' --description 'it'\\''s'`)
  })
})

describe('parseDuration', () => {
  it('reads seconds, minutes, hours and days, and nothing else', () => {
    const told = ['90s', '15m', '4h', '10d'].map(parseDuration)
    assert.deepEqual(told, [90, 900, 14_400, 864_000])
    for (const text of ['', '4', '4 h', '-4h', '1.5h', '4H', 'h', '9999999999s'])
      assert.equal(parseDuration(text), null, text)
  })
})

describe('wantsJson', () => {
  it('sees --json on a command line that cannot be read, but not behind --', () => {
    assert.equal(wantsJson(['clami', '--json']), true)
    assert.equal(wantsJson(['claim', '--', '--json']), false)
  })
})
