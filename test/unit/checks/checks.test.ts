// Builds and tests of a commit in a worktree of their own, and what a daemon that died leaves of them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { bootId } from '../../../daemon/client/proc.ts'
import { createChecks } from '../../../daemon/checks/checks.ts'
import { openTrust } from '../../../daemon/checks/trust.ts'
import { createLandingGit } from '../../../daemon/git-landing.ts'
import { identityOf } from '../../../daemon/process-group.ts'
import { makeId } from '../../../protocol/index.ts'
import { createCleaner } from '../../helpers/cleanup.ts'
import { until } from '../../helpers/poll.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const NAME = makeId('chk', 1, new Uint8Array(10))

describe('the checks of this machine', () => {
  const cleaner = createCleaner()
  after(() => cleaner.run())

  function open(home: string) {
    const env = { PATH: process.env['PATH'], SKEIN_SESSION: 's', GIT_DIR: '/nowhere' }
    const trust = openTrust(home)
    const landing = createLandingGit({ env, helperFolder: () => '/nonexistent' })
    const random = (bytes: number) => new Uint8Array(bytes)
    const around = { home, env, trust, secondsMax: 20, now: () => 1, random }
    return { trust, checks: createChecks({ ...around, git: landing }) }
  }

  it('are of the commit and its own commands, and leave the clone as it was', async () => {
    const commands = { build: 'test -z "$SKEIN_SESSION$GIT_DIR"', test: 'cat here.txt; exit 4' }
    const root = makeRepo(cleaner, {
      skeinYml: `repo: a/b\ncommands: ${JSON.stringify(commands)}\n`,
    })
    writeIn(root, 'here.txt', 'what it says\n')
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message', 'here')
    const commit = git(root, 'rev-parse', 'HEAD').trim()
    const home = makeFolder(cleaner)
    const { trust, checks } = open(home)
    const of = { repo: 'a/b', root, commit }
    const run = () => checks.run(of, () => undefined, new AbortController().signal)
    assert.equal((await run()).kind, 'unapproved')
    trust.approve('a/b', { commands, by: 'ann', atMs: 1 })
    assert.equal(await checks.doubt(of), null)
    const note = 'exit 4 | what it says'
    assert.deepEqual(await run(), { kind: 'failed', step: 'test', code: 4, note })
    assert.deepEqual(readdirSync(path.join(home, 'worktrees')), [])
    assert.equal(git(root, 'worktree', 'list').trim().split('\n').length, 1)
    assert.equal(git(root, 'status', '--porcelain').trim(), '')
    await checks.stop()
  })

  it('of a daemon that died are ended and removed at the next start, and nothing else is', async () => {
    const home = makeFolder(cleaner)
    const left = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    const ended = new Promise((resolve) => left.once('exit', resolve))
    const record = { leader: identityOf(left.pid ?? 0), boot: bootId() }
    mkdirSync(path.join(home, 'worktrees', NAME), { recursive: true })
    mkdirSync(path.join(home, 'worktrees', 'asg_01JBBBBBBBBBBBBBBBBBBBBBBB'))
    mkdirSync(path.join(home, 'checks'))
    writeFileSync(path.join(home, 'checks', `${NAME}.json`), JSON.stringify(record))
    open(home)
    await ended
    await until('its worktree is gone', () => !existsSync(path.join(home, 'worktrees', NAME)))
    assert.deepEqual(readdirSync(path.join(home, 'worktrees')), ['asg_01JBBBBBBBBBBBBBBBBBBBBBBB'])
    assert.deepEqual(readdirSync(path.join(home, 'checks')), [])
  })
})
