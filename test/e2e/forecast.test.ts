// `skein forecast` as a person uses it: two branches meet, one of them under a claim, and each printed command does what it says.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { makeMachine } from '../helpers/cli-daemon.ts'

describe('a forecast', () => {
  it('says what collides, who holds it, and what would keep it apart', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('shop', {
      '.skein.yml': 'repo: test/shop\n',
      'src/a.ts': 'a\n',
      'src/b [1].ts': 'b\n',
    })
    const git = (...words: string[]): string =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words], {
        cwd: root,
        encoding: 'utf8',
        stdio: 'pipe',
      })
    for (const branch of ['login', 'search']) {
      git('checkout', '--quiet', '-b', branch, 'main')
      writeFileSync(path.join(root, 'src/a.ts'), `${branch}\n`)
      writeFileSync(path.join(root, 'src/b [1].ts'), `${branch}\n`)
      git('commit', '--quiet', '--all', '--message', branch)
    }
    assert.equal((await machine.run('up --background')).exit, 0)
    const options = { cwd: root, env: { SKEIN_SESSION: 'other' } }
    const free = JSON.parse((await machine.run('forecast --json', options)).stdout) as Told
    const [claim, rebase] = free.collisions[0]?.options ?? []
    assert.equal(claim?.command, "skein claim src/a.ts 'src/b \\[1].ts'")
    assert.equal(rebase?.command, `git -C ${root} rebase login`)

    const holder = { ...options, env: { SKEIN_SESSION: 'holder', SKEIN_AGENT: 'ann' } }
    await machine.run('claim src/a.ts --branch login', holder)
    const shown = await machine.run('forecast --of search', options)
    assert.equal(shown.exit, 0, shown.stderr)
    assert.match(shown.stdout, /login and search stop at 2 files:/)
    assert.match(shown.stdout, /src\/a\.ts +contents +ann/)
    assert.match(shown.stdout, /login holds them: search goes on when they are free/)

    const strange = await machine.run('forecast --of nobody', options)
    assert.deepEqual([strange.exit, /called nobody/.test(strange.stderr)], [6, true])
  })
})

type Told = OperationResult<'forecast'>
