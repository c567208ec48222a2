// Two machines, two clones, one bare repository: the late holder's own daemon refuses while it runs; once it is stopped the remote
// does, for it has heard of the new grant.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { makePrograms } from '../../helpers/fenced.ts'
import { startMesh, type Machine } from '../../helpers/mesh.ts'
import { until } from '../../helpers/poll.ts'
import { git, makeFolder } from '../../helpers/repo.ts'

const FILE = 'src/file-1.ts'

describe('a fenced push in a mesh of two machines', () => {
  it('is refused to the late holder by its own daemon, and by the remote once that is stopped', async (t) => {
    const mesh = await startMesh(t, { names: ['ada', 'cyd'] })
    // The founder is the only voter, so the other one can be stopped.
    const [bob, alice] = [mesh.machine('ada'), mesh.machine('cyd')]
    const bare = path.join(makeFolder(t, 'skein-remote-'), 'proj.git')
    git(bob.cwd, 'clone', '--quiet', '--bare', bob.cwd, bare)
    const programs = makePrograms(t)
    for (const { cwd } of [alice, bob]) {
      git(cwd, 'remote', 'set-url', 'origin', bare)
      git(cwd, 'config', `url.skein::${bare}.pushInsteadOf`, bare)
    }
    const push = (machine: Machine, session: string, ...words: string[]): string => {
      const env = {
        PATH: `${programs}${path.delimiter}${process.env['PATH'] ?? ''}`,
        ...{ SKEIN_HOME: machine.home, SKEIN_SESSION: session, SKEIN_AGENT: session },
        ...{ GIT_CONFIG_GLOBAL: '/dev/null', HOME: machine.home },
      }
      try {
        execFileSync('git', ['push', ...words], { cwd: machine.cwd, env, stdio: 'pipe' })
        return 'landed'
      } catch (error) {
        return String((error as { stderr?: Buffer }).stderr)
      }
    }
    const commit = ({ cwd }: Machine, line: string): void => {
      appendFileSync(path.join(cwd, FILE), `${line}\n`)
      git(cwd, 'commit', '--quiet', '--all', '--message', line)
    }
    const fences = (): string =>
      git(bare, 'for-each-ref', '--format=%(refname)', 'refs/skein/fence/t')

    const granted = await alice.claim('alice', ['src/**'])
    const [claim] = granted.result?.claims ?? []
    assert.ok(claim !== undefined, JSON.stringify(granted.error))
    commit(alice, "alice's")
    assert.equal(push(alice, 'alice', 'origin', 'HEAD:first'), 'landed')
    assert.match(fences(), new RegExp(`/${String(claim.fence)}$`, 'm'))
    await alice.release('alice', [claim.id])
    const taken = (await bob.claim('bob', [FILE])).result?.claims[0]
    // The old token goes with the release, which may be told before the grant is.
    await until('the remote has heard of the grant', () =>
      fences().includes(`/${String(taken?.fence)}\n`),
    )
    assert.doesNotMatch(fences(), new RegExp(`/${String(claim.fence)}$`, 'm'))
    commit(alice, 'late')
    assert.match(push(alice, 'alice', 'origin', 'HEAD:late'), /is held by bob on ada/)
    await alice.stop()
    for (const words of [[], ['--no-verify']])
      assert.match(push(alice, 'alice', ...words, 'origin', 'HEAD:late'), /is refused|is held by/)
    commit(bob, "bob's")
    assert.equal(push(bob, 'bob', 'origin', 'HEAD:bobs'), 'landed')
    const branches = git(bare, 'for-each-ref', '--format=%(refname:short)', 'refs/heads')
    assert.deepEqual(branches.trim().split('\n').sort(), ['bobs', 'first', 'main'])
  })
})
