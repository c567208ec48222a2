// A repository's policy on several machines: set, approved and read on those that do not lead.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { git, writeIn } from '../helpers/repo.ts'
import { startMesh } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

const RULES = 'areas: {core: {paths: [src/**], owners: [alice], severity: hard}}\n'

describe('the policy of a repository on several machines', () => {
  it('is set, opened and promoted on a machine that does not lead', async (t) => {
    const { machines } = await startMesh(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    const alice = { cwd: bob.cwd, session: 'a', agent: 'alice', yes: true }
    await bob.must('owners/set', { ...alice, text: RULES })
    const refused = await ada.claim('carol', ['src/file-0.ts'])
    assert.equal(refused.error?.code, 'POLICY_APPROVAL')
    const { approval: id } = refused.error.data as { approval: string }
    await until('bob has heard of it', async () => {
      const { approvals } = await bob.must('owners/requests', { cwd: bob.cwd })
      return approvals.some((one) => one.id === id)
    })
    await bob.must('owners/approve', { ...alice, id })
    assert.equal((await ada.claim('carol', ['src/file-0.ts'])).result?.status, 'granted')
    await bob.must('promote', { ...alice, pattern: 'docs/**' })
    assert.equal((await ada.claim('carol', ['docs/a.md'])).result?.claims[0]?.mode, 'shared')
    await bob.must('demote', { ...alice, pattern: 'docs/**' })
    const tooMuch = Array.from({ length: 1_001 }, (_, at) => `f${String(at)}`).join(', ')
    const text = `shared: [${tooMuch}]\n`
    const { error } = await bob.client.call('owners/set', { ...alice, text })
    assert.equal(error?.code, 'INPUT_PATTERN', 'told by the leader, not left without an answer')
  })

  it('is taken up from the default branch by a machine that does not lead', async (t) => {
    const { machines } = await startMesh(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    git(bob.cwd, 'checkout', '--quiet', 'main')
    writeIn(bob.cwd, '.skein.yml', 'repo: team/proj\nprotected: [src/**]\n')
    git(bob.cwd, 'commit', '--quiet', '--all', '--message', 'protect')
    git(bob.cwd, 'update-ref', 'refs/remotes/origin/main', 'HEAD')
    await bob.must('owners/show', { cwd: bob.cwd })
    const { error } = await ada.claim('carol', ['src/file-0.ts'])
    assert.equal(error?.code, 'POLICY_PROTECTED')
  })
})
