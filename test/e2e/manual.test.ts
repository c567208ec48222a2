// The manual page of the build, read by what people and distributions read it with.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { VERBS } from '../../daemon/cli/verbs.ts'
import { PROGRAM } from '../helpers/cli-daemon.ts'

const PAGE = path.join(path.dirname(PROGRAM), 'man', 'skein.1')

function isMissing(program: string, ...words: readonly string[]): string | false {
  const { error } = spawnSync(program, words, { stdio: 'ignore' })
  return error === undefined ? false : `${program} is not installed`
}

describe('skein.1', () => {
  it('is where package.json says, and names every command once', () => {
    const root = path.join(path.dirname(PROGRAM), '..')
    const { man } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      man: readonly string[]
    }
    for (const file of man) assert.ok(existsSync(path.join(root, file)), file)
    const page = readFileSync(PAGE, 'utf8')
    for (const { name } of VERBS) {
      const head = `\n.TP\n\\fBskein ${name.replaceAll('-', '\\-')}\\fR`
      assert.equal(page.split(head).length, 2, name)
    }
  })

  it('is clean for groff', { skip: isMissing('groff', '--version') }, () => {
    const { stdout, stderr, status } = spawnSync(
      'groff',
      ['-man', '-Tutf8', '-ww', '-rCHECKSTYLE=2', PAGE],
      { encoding: 'utf8' },
    )
    assert.deepEqual([stderr, status], ['', 0])
    assert.match(stdout, /rework login/)
  })

  it('is clean for mandoc', { skip: isMissing('mandoc', '-h') }, () => {
    const { stdout, status } = spawnSync('mandoc', ['-Tlint', '-W', 'warning', PAGE], {
      encoding: 'utf8',
    })
    assert.deepEqual([stdout, status], ['', 0])
  })
})
