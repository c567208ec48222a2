import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { NO_POLICY, type PolicySource, type PolicyState } from '../../../protocol/index.ts'
import type { SetPolicyCommand } from '../../../daemon/core/policy/command.ts'
import { createGit, type Checkout } from '../../../daemon/git.ts'
import { createHistory } from '../../../daemon/git-history.ts'
import { createTrackedPolicy, type TrackedPolicy } from '../../../daemon/policy/tracked.ts'
import type { Repo } from '../../../daemon/repos.ts'
import { SILENT_LOG } from '../../helpers/libp2p-place.ts'
import { git, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }
const FILE = 'repo: test/shop\nprotected: [gen/**]\n'

interface Place {
  readonly root: string
  readonly policy: TrackedPolicy
  readonly repo: Repo
  readonly checkout: Checkout
  readonly asked: SetPolicyCommand[]
  /** Times that the history was walked. */
  readonly walks: () => number
  pass: (ms: number) => void
}

interface PlaceOptions {
  readonly file?: string
  readonly known?: PolicyState
  /** What the ledger answers; default: nothing yet. */
  readonly answer?: () => Promise<unknown>
}

async function openPlace(t: TestContext, options: PlaceOptions = {}): Promise<Place> {
  const { known = { policy: NO_POLICY, source: null, promoted: [] } } = options
  const { answer = () => new Promise(() => undefined) } = options
  const root = makeRepo(t, { skeinYml: options.file ?? FILE })
  const checkout = await createGit(env).findCheckout(root)
  assert.ok(checkout !== null)
  let [now, walks] = [0, 0]
  const asked: SetPolicyCommand[] = []
  const history = createHistory(env)
  const loop = {
    view: () => ({ state: { policy: known } }),
    submit: (command: SetPolicyCommand) => {
      asked.push(command)
      return answer()
    },
  }
  const policy = createTrackedPolicy({
    history: {
      ...history,
      lastChange: (...given) => {
        walks++
        return history.lastChange(...given)
      },
    },
    clock: { wall: () => now, monotonic: () => now, uptime: () => now, boot: 'b' },
    log: SILENT_LOG,
  })
  return {
    ...{ root, policy, checkout, asked, walks: () => walks },
    repo: { id: 'test/shop', host: { loop } } as unknown as Repo,
    pass: (ms) => {
      now += ms
    },
  }
}

function headOf(root: string): string {
  return git(root, 'rev-parse', 'HEAD').trim()
}

describe('the first look at the policy after a start', () => {
  it('asks nothing of a ledger that has it, whoever leads', async (t) => {
    const source: PolicySource = { kind: 'file', commit: '', atMs: 0 }
    const known = { policy: NO_POLICY, source, promoted: [] }
    const place = await openPlace(t, { known })
    Object.assign(source, { commit: headOf(place.root) })
    await place.policy.look(place.repo, place.checkout)
    assert.deepEqual(place.asked, [])
  })

  it('asks nothing where the file says nothing and nobody has said anything', async (t) => {
    const place = await openPlace(t, { file: 'repo: test/shop\n' })
    await place.policy.look(place.repo, place.checkout)
    assert.deepEqual(place.asked, [])
  })

  it('asks nothing of a ledger that has a later one', async (t) => {
    const source: PolicySource = { kind: 'hand', by: 'alice', atMs: Number.MAX_SAFE_INTEGER }
    const place = await openPlace(t, { known: { policy: NO_POLICY, source, promoted: [] } })
    await place.policy.look(place.repo, place.checkout)
    assert.deepEqual(place.asked, [])
  })

  it('goes on when no majority takes it up in a second', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const submitted = Promise.withResolvers<undefined>()
    const place = await openPlace(t, {
      answer: () => {
        submitted.resolve(undefined)
        return new Promise(() => undefined)
      },
    })
    const looked = place.policy.look(place.repo, place.checkout)
    await submitted.promise
    await new Promise(setImmediate)
    t.mock.timers.tick(1_000)
    await looked
    assert.deepEqual(place.asked[0]?.policy.protected, ['gen/**'])
    place.pass(10_000)
    await place.policy.look(place.repo, place.checkout)
    assert.equal(place.asked.length, 1, 'one at a time')
  })
})

describe('a later look at the policy', () => {
  it('walks through the history when the branch has moved, and then only', async (t) => {
    const place = await openPlace(t, { answer: () => Promise.resolve({ kind: 'done' }) })
    const problem = (): Promise<string | null> => place.policy.lookNow(place.repo, place.checkout)
    await problem()
    await problem()
    assert.deepEqual([place.walks(), place.asked.length], [1, 1])
    writeIn(place.root, '.skein.yml', 'protected: [\n')
    git(place.root, 'commit', '--quiet', '--all', '--message', 'break it')
    assert.match((await problem()) ?? '', /skein\.yml/)
    assert.match((await problem()) ?? '', /skein\.yml/, 'still so')
    assert.deepEqual([place.walks(), place.asked.length], [2, 1])
  })

  it('takes what was merged as of the merge', async (t) => {
    const place = await openPlace(t, { answer: () => Promise.resolve({ kind: 'done' }) })
    git(place.root, 'checkout', '--quiet', '-b', 'topic')
    writeIn(place.root, '.skein.yml', 'repo: test/shop\nprotected: [src/**]\n')
    git(place.root, 'commit', '--quiet', '--all', '--message', 'protect more')
    git(place.root, 'checkout', '--quiet', 'main')
    git(place.root, 'merge', '--quiet', '--no-ff', '--message', 'land it', 'topic')
    await place.policy.look(place.repo, place.checkout)
    const [set] = place.asked
    assert.deepEqual(set?.policy.protected, ['src/**'])
    assert.equal(set.source.kind === 'file' && set.source.commit, headOf(place.root))
  })

  it('asks again for what was not taken up', async (t) => {
    let answers = 0
    const place = await openPlace(t, {
      answer: () => (answers++ === 0 ? Promise.reject(new Error('cut off')) : Promise.resolve({})),
    })
    for (let i = 0; i < 3; i++) await place.policy.lookNow(place.repo, place.checkout)
    assert.deepEqual([place.walks(), place.asked.length], [1, 2])
  })
})

describe('what is told of a policy', () => {
  const told = async (t: TestContext, source: PolicySource | null): Promise<string> => {
    const place = await openPlace(t, {
      known: { policy: { ...NO_POLICY, shared: ['x/**'] }, source, promoted: [] },
      answer: () => Promise.reject(new Error('cut off')),
    })
    return (await place.policy.lookNow(place.repo, place.checkout)) ?? ''
  }
  const atMs = Number.MAX_SAFE_INTEGER

  it('is why the default branch does not rule', async (t) => {
    assert.match(await told(t, { kind: 'hand', by: 'alice', atMs }), /older than what alice said/)
    assert.match(await told(t, { kind: 'file', commit: 'abc', atMs }), /older than abc.*fetch/)
    assert.match(await told(t, null), /not in the ledger yet/)
  })

  it('is nothing where the file says nothing', async (t) => {
    const source: PolicySource = { kind: 'hand', by: 'alice', atMs }
    const known = { policy: { ...NO_POLICY, shared: ['x/**'] }, source, promoted: [] }
    const place = await openPlace(t, { known, file: 'repo: test/shop\n' })
    assert.equal(await place.policy.lookNow(place.repo, place.checkout), null)
  })
})
