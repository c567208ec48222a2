// What a repository wants of claims in it, as people and agents meet it: from the default branch into the ledger, and from
// there into every verdict.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { makeMachine, type Machine } from '../helpers/cli-daemon.ts'
import { makeHarness } from '../helpers/hooks.ts'
import { git } from '../helpers/repo.ts'

const POLICY = `repo: test/shop
protected: [gen/**]
shared: [src/locale/**, package.json]
owners:
  areas:
    auth: {paths: [src/auth/**], owners: [alice], severity: hard}
    docs: {paths: [docs/**], owners: [dora]}
`

interface Shop {
  readonly machine: Machine
  readonly root: string
  /** Runs a command as this agent. */
  readonly as: (agent: string, words: string | readonly string[]) => ReturnType<Machine['run']>
  readonly json: <Result>(agent: string, words: string) => Promise<Result>
}

async function openShop(t: TestContext, policy = POLICY): Promise<Shop> {
  const machine = makeMachine(t)
  mkdirSync(machine.home, { mode: 0o700 })
  writeFileSync(path.join(machine.home, 'config.yml'), 'trust_scripts: true\n')
  const root = machine.makeRepo('shop', {
    '.skein.yml': policy,
    'gen/api.ts': 'export {}\n',
    'src/auth/login.ts': 'export {}\n',
    'src/locale/de.json': '{}\n',
    'src/a.ts': 'export {}\n',
    'docs/a.md': 'a\n',
    'package.json': '{}\n',
  })
  assert.equal((await machine.run('up --background')).exit, 0)
  const as: Shop['as'] = (agent, words) =>
    machine.run(words, {
      cwd: root,
      env: { SKEIN_AGENT: agent, SKEIN_SESSION: `session-${agent}` },
    })
  return {
    ...{ machine, root, as },
    async json(agent, words) {
      const ran = await as(agent, `${words} --json`)
      assert.equal(ran.exit, 0, ran.stderr)
      return JSON.parse(ran.stdout) as never
    },
  }
}

interface Failure {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly data: { readonly approval: string }
  }
}

function commit(root: string, file: string, text: string): void {
  writeFileSync(path.join(root, file), text)
  git(root, 'add', file)
  git(root, 'commit', '--quiet', '--message', `change ${file}`)
}

describe('a protected pattern', () => {
  it('is claimed by nobody, and what reaches into it is refused with the rule', async (t) => {
    const { as } = await openShop(t)
    for (const words of ['claim gen/api.ts --json', 'claim ** --json', 'check gen/new.ts --json']) {
      const ran = await as('bob', words)
      assert.equal(ran.exit, 7, `${words}: ${ran.stdout}${ran.stderr}`)
      const { error } = JSON.parse(ran.stdout || ran.stderr) as Failure
      assert.equal(error.code, 'POLICY_PROTECTED')
      assert.match(error.message, /gen\/\*\*/)
    }
    const wait = await as('bob', 'claim gen/api.ts --wait 5s')
    assert.equal(wait.exit, 7)
    assert.equal((await as('bob', 'claim src/a.ts')).exit, 0)
  })

  it('is not written by an agent, and by a person never silently', async (t) => {
    const { machine, root, json, as } = await openShop(t)
    await as('bob', 'claim src/a.ts')
    const file = path.join(root, 'gen/api.ts')
    const edit = { file_path: file, content: 'changed\n' }
    const harness = makeHarness('guarded', { home: machine.home, cwd: root })
    const denied = await harness.before('Write', edit)
    assert.equal(denied.says, 'deny')
    assert.match(denied.text, /protected in this repository: gen\/\*\*/)
    const env = { SKEIN_BYPASS: 'the generator is broken' }
    const person = makeHarness('person', { home: machine.home, cwd: root, env })
    assert.notEqual((await person.before('Write', edit)).says, 'deny')
    const { events } = await json<OperationResult<'events'>>('bob', 'events --kind guard.bypassed')
    assert.equal(events[0]?.data['reason'], 'the generator is broken')
    const covered = await as('bob', 'cover gen/api.ts src/a.ts')
    assert.equal(covered.exit, 1)
    assert.match(covered.stdout, /PROTECTED +gen\/api\.ts +by gen\/\*\*/)
  })
})

describe('a hard area', () => {
  it('is for its owner, and for whom the owner lets in', async (t) => {
    const { as, json } = await openShop(t)
    assert.equal((await as('alice', 'claim src/auth/login.ts')).exit, 0)
    assert.equal((await as('alice', 'release --mine')).exit, 0)
    const refused = await as('bob', 'claim src/auth/login.ts --json')
    assert.equal(refused.exit, 7)
    const { error } = JSON.parse(refused.stdout || refused.stderr) as Failure
    assert.equal(error.code, 'POLICY_APPROVAL')
    const id = error.data.approval
    assert.ok(error.hint.includes(`skein owners approve ${id}`))
    const again = await as('bob', 'claim src/auth/login.ts --json')
    assert.equal((JSON.parse(again.stdout || again.stderr) as Failure).error.data.approval, id)

    const told = await as('alice', 'owners requests --mine')
    assert.match(told.stdout, new RegExp(`skein owners approve ${id}`))
    const stranger = await as('carol', `owners approve ${id} --yes`)
    assert.equal(stranger.exit, 7, stranger.stderr)
    assert.equal((await as('alice', `owners approve ${id} --yes --for 1h`)).exit, 0)

    assert.equal((await as('carol', 'claim src/auth/login.ts')).exit, 7, 'not for everybody')
    assert.equal((await as('bob', 'claim src/auth/**')).exit, 7, 'not for everything')
    assert.equal((await as('bob', 'claim src/auth/login.ts')).exit, 0)
    const { events } = await json<OperationResult<'events'>>('bob', 'events --kind approval.*')
    const kinds = events.map(({ kind }) => kind)
    assert.ok(kinds.includes('approval.asked') && kinds.includes('approval.answered'))
    await as('bob', 'release --mine')
    assert.equal((await as('alice', `owners deny ${id} --yes`)).exit, 0)
    assert.equal((await as('bob', 'claim src/auth/login.ts')).exit, 7, 'taken back')
  })

  it('grants to whoever was let in through the queue', async (t) => {
    const { as } = await openShop(t)
    await as('alice', 'claim src/auth/login.ts')
    const refused = await as('bob', 'claim src/auth/login.ts --wait 30s --json')
    const { error } = JSON.parse(refused.stdout || refused.stderr) as Failure
    await as('alice', `owners approve ${error.data.approval} --yes`)
    const waiting = as('bob', 'claim src/auth/login.ts --wait 60s')
    for (;;) {
      const queue = await as('alice', 'queue --json')
      if ((JSON.parse(queue.stdout) as OperationResult<'queue'>).entries.length > 0) break
    }
    await as('alice', 'release --mine')
    assert.equal((await waiting).exit, 0)
  })
})

describe('shared and soft', () => {
  it('claims of a shared pattern are shared, and the answer says so', async (t) => {
    const { as, json } = await openShop(t)
    const first = await json<OperationResult<'claim'>>('bob', 'claim src/locale/de.json')
    assert.equal(first.claims[0]?.mode, 'shared')
    assert.match(first.warnings.join(), /shared in this repository/)
    assert.equal((await as('carol', 'claim src/locale/de.json')).exit, 0)
    const again = await json<OperationResult<'claim'>>('bob', 'claim src/locale/de.json')
    assert.equal(again.claims[0]?.fence, first.claims[0].fence)
  })

  it('names the owners of a soft area, to everybody but them', async (t) => {
    const { json } = await openShop(t)
    const bob = await json<OperationResult<'claim'>>('bob', 'claim docs/a.md')
    assert.match(bob.warnings.join(), /'docs', which dora answers for/)
    const dora = await json<OperationResult<'check'>>('dora', 'check docs/b.md')
    assert.deepEqual(
      dora.warnings.filter((text) => text.includes('dora')),
      [],
    )
  })
})

describe('the source of a policy', () => {
  it('is the default branch, whatever stands elsewhere', async (t) => {
    const { as, json, root } = await openShop(t)
    await as('bob', 'claim src/a.ts')
    writeFileSync(path.join(root, '.skein.yml'), 'repo: test/shop\n')
    const kept = await json<OperationResult<'owners/show'>>('bob', 'owners show')
    assert.deepEqual([kept.source?.kind, kept.protected], ['file', ['gen/**']])
    git(root, 'checkout', '--quiet', '-b', 'sly')
    commit(root, '.skein.yml', 'repo: test/shop\ndefault_branch: sly\nprotected: [src/**]\n')
    const same = await json<OperationResult<'owners/show'>>('bob', 'owners show')
    assert.deepEqual(same.protected, ['gen/**'])
    git(root, 'checkout', '--quiet', 'main')
    commit(root, '.skein.yml', 'repo: test/shop\nprotected: [src/**\n')
    git(root, 'checkout', '--quiet', 'sly')
    const broken = await json<OperationResult<'owners/show'>>('bob', 'owners show')
    assert.deepEqual(broken.protected, ['gen/**'])
    assert.match(broken.problem ?? '', /skein\.yml/)
    git(root, 'checkout', '--quiet', 'main')
    commit(root, '.skein.yml', 'repo: test/shop\nprotected: [docs/**]\n')
    const landed = await json<OperationResult<'owners/show'>>('bob', 'owners show')
    assert.deepEqual([landed.problem, landed.protected], [null, ['docs/**']])
  })

  it('may be a person, and is printed for the file', async (t) => {
    const { as, json, root } = await openShop(t, 'repo: test/shop\n')
    const file = path.join(root, '..', 'owners.yaml')
    writeFileSync(file, 'areas: {core: {paths: [src/**], owners: [alice], severity: hard}}\n')
    assert.equal((await as('bob', ['owners', 'set', file])).exit, 7, 'a script that says nothing')
    assert.equal((await as('bob', ['owners', 'set', file, '--yes'])).exit, 0)
    assert.equal((await as('bob', 'claim src/a.ts')).exit, 7)
    assert.equal((await as('bob', 'promote package.json --permanent --yes')).exit, 0)
    const claimed = await json<OperationResult<'claim'>>('bob', 'claim package.json')
    assert.equal(claimed.claims[0]?.mode, 'shared')
    const { stdout, stderr } = await as('bob', 'owners export')
    assert.equal(stderr, '')
    assert.match(stdout, /severity: hard/)
    assert.match(stdout, /shared:\n {2}- package\.json/)
    assert.equal((await as('bob', 'demote package.json --yes')).exit, 0)
    assert.equal((await as('bob', 'demote package.json --yes')).exit, 6)
    assert.equal((await as('carol', 'claim package.json')).exit, 1, 'exclusive again')
  })
})

describe('where claims meet', () => {
  it('is counted, and from the threshold on shared by itself', async (t) => {
    const policy = 'repo: test/shop\nhotspots: {promote_at: 3, subtree_at: 0}\n'
    const { as, json } = await openShop(t, policy)
    await as('alice', 'claim src/a.ts')
    for (const agent of ['bob', 'carol', 'bob']) {
      assert.equal((await as(agent, 'claim src/a.ts')).exit, 1)
    }
    // Counts go with other records.
    for (;;) {
      await as('dora', 'claim docs/a.md')
      await as('dora', 'release --mine')
      const shown = await json<OperationResult<'owners/show'>>('bob', 'owners show')
      if (shown.promoted.length > 0) break
    }
    const { hotspots } = await json<OperationResult<'hotspots'>>('bob', 'hotspots')
    const [hot] = hotspots
    assert.deepEqual([hot?.pattern, hot?.refused, hot?.suggestion], ['src/a.ts', 3, 'shared'])
    assert.deepEqual([...(hot?.agents ?? [])].sort(), ['bob', 'carol'])
    await as('alice', 'release --mine')
    assert.equal((await as('bob', 'claim src/a.ts')).exit, 0)
    assert.equal((await as('carol', 'claim src/a.ts')).exit, 0)
    const { events } = await json<OperationResult<'events'>>('bob', 'events --kind owners.promoted')
    assert.deepEqual([events[0]?.data['pattern'], events[0]?.data['auto']], ['src/a.ts', true])
  })
})

describe("coord's routes about ownership", () => {
  it('show the policy, set it, and promote', async (t) => {
    const { machine, as, json } = await openShop(t, 'repo: test/shop\n')
    await as('bob', 'claim src/a.ts')
    await as('carol', 'claim src/a.ts')
    const { http } = await json<OperationResult<'status'>>('bob', 'status')
    const token = readFileSync(path.join(machine.home, 'token'), 'utf8').trim()
    const call = (method: string, where: string, body?: string): Promise<Response> =>
      fetch(`${http ?? ''}${where}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'x-coord-engineer': 'alice' },
        ...(body === undefined ? {} : { body }),
      })
    assert.equal((await call('GET', '/config/ownership')).status, 204)
    const rules = 'areas: {core: {paths: [src/**], owners: [alice], severity: hard}}\n'
    const set = await call('POST', '/config/ownership', rules)
    assert.deepEqual([set.status, await set.json()], [200, { ok: true, rules: 1 }])
    assert.equal((await as('carol', 'claim src/b.ts')).exit, 7)
    const body = JSON.stringify({ action: 'shared_file', pattern: 'package.json' })
    assert.equal((await call('POST', '/metrics/hotspots/promote', body)).status, 200)
    const shown = await call('GET', '/config/ownership')
    assert.match(await shown.text(), /shared:\n {2}- package\.json/)
    const split = JSON.stringify({ action: 'split', pattern: 'package.json' })
    assert.equal((await call('POST', '/metrics/hotspots/promote', split)).status, 400)
    const hot = await call('GET', '/metrics/hotspots?min_attempts=1')
    assert.equal(hot.status, 200)
    assert.ok(Array.isArray(((await hot.json()) as { hotspots: unknown }).hotspots))
  })
})
