import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isChanged } from '../../../mcp/resources/changes.ts'
import { Subscriptions, SUBSCRIPTIONS_MAX } from '../../../mcp/resources/subscriptions.ts'
import { parseUri, uriOf, type Resource } from '../../../mcp/resources/uri.ts'
import { SkeinError, type AuditEvent, type EventKind } from '../../../protocol/index.ts'
import { WAYS } from './doors.ts'
import { FakeOperations, REPO, RESULTS, sampleClaim, sampleRepo, until } from './twins.ts'

const OTHER = 'team/other'
const CLAIMS = 'skein://claims/team%2Fproject'

/** What was told, in order, for those who wait for it. */
function inbox(): { put: (uri: string) => void; next: () => Promise<string>; left: string[] } {
  const left: string[] = []
  const waiting: ((uri: string) => void)[] = []
  return {
    left,
    put(uri) {
      const take = waiting.shift()
      if (take === undefined) left.push(uri)
      else take(uri)
    },
    next() {
      const first = left.shift()
      return first === undefined
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(first)
    },
  }
}

for (const way of WAYS) {
  describe(`resources by ${way.name}`, () => {
    it('are the board, claims and queue of each repository, and the own inbox', async (t) => {
      const { operations, connect } = await way.open(t)
      operations.answer = ({ name }) =>
        name === 'status'
          ? { ...(RESULTS.status as object), repos: [sampleRepo(REPO), sampleRepo(OTHER)] }
          : RESULTS[name]
      const client = await connect()
      const { resources } = await client.listResources()
      const uris = resources.map(({ uri }) => uri)
      assert.deepEqual(uris.slice(0, 5), [
        'skein://board',
        CLAIMS,
        'skein://queue/team%2Fproject',
        'skein://claims/team%2Fother',
        'skein://queue/team%2Fother',
      ])
      const own = { socket: [], bridge: ['skein://inbox/s-1'], http: ['skein://inbox/mcp_…'] }
      const inboxes = uris.slice(5).map((uri) => uri.replace(/mcp_[0-9a-f]+/, 'mcp_…'))
      assert.deepEqual(
        inboxes,
        way.name.includes('2026') && way.door === 'http' ? [] : own[way.door],
      )
      const { resourceTemplates } = await client.listResourceTemplates()
      assert.deepEqual(
        resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        ['skein://claims/{repo}', 'skein://queue/{repo}', 'skein://inbox/{session}'],
      )
      const { completion } = await client.complete({
        ref: { type: 'ref/resource', uri: 'skein://claims/{repo}' },
        argument: { name: 'repo', value: 'team/o' },
      })
      assert.deepEqual(completion.values, [OTHER])
    })

    it('are read as JSON, however the id is spelt, with the words of others cleaned', async (t) => {
      const { operations, connect } = await way.open(t)
      const client = await connect()
      const read = async (uri: string): Promise<Record<string, unknown>> => {
        const { contents } = await client.readResource({ uri })
        assert.equal(contents[0]?.uri, uri)
        return JSON.parse(contents[0].text ?? '') as Record<string, unknown>
      }
      const evil = sampleClaim({ description: 'a\u202eb\nc' })
      operations.answer = ({ name }) =>
        name === 'claims' ? { ...(RESULTS.claims as object), claims: [evil] } : RESULTS[name]
      for (const uri of [CLAIMS, 'skein://claims/team/project']) {
        const { claims } = await read(uri)
        assert.deepEqual(operations.last.input, { repo: REPO, limit: 1_000 })
        assert.equal((claims as [{ description: string }])[0].description, 'ab c')
      }
      assert.equal(((await read('skein://queue/team/project'))['entries'] as []).length, 1)
      const { session, repos } = await read('skein://inbox/agent%3Abob%2Fx')
      assert.equal(session, 'agent:bob/x')
      assert.deepEqual(operations.last.input, { repo: REPO, of_session: 'agent:bob/x' })
      assert.equal((repos as [{ repo: string }])[0].repo, REPO)
      const board = await read('skein://board')
      assert.equal((board['repos'] as [{ leader: string }])[0].leader, 'laptop-9f3a')
    })

    it('that are unknown are refused with -32602 and what there is', async (t) => {
      const { operations, connect } = await way.open(t)
      const client = await connect()
      const isRefused = (error: unknown): boolean => {
        const { code, message } = error as { code: unknown; message: string }
        assert.equal(code, -32602)
        assert.match(message, /skein:\/\/board.*team\/project/)
        return true
      }
      await assert.rejects(client.readResource({ uri: 'skein://nothing/x' }), isRefused)
      operations.answer = ({ name }) => {
        if (name === 'status') return RESULTS.status
        throw new SkeinError('REPO_NOT_ENROLLED', 'no such repository')
      }
      await assert.rejects(client.readResource({ uri: 'skein://claims/no/such' }), isRefused)
    })

    it('tell of changes at once and then not too often, until that is given up', async (t) => {
      const { operations, connect } = await way.open(t, { updateMs: 30 })
      const client = await connect()
      const told = inbox()
      const queue = 'skein://queue/team/project'
      const stop = await client.subscribe([CLAIMS, queue, 'skein://inbox/s-9'], told.put)
      await until(() => operations.listeners.size === 1)
      operations.tell('claim.granted', {}, OTHER)
      operations.tell('claim.refused')
      for (let i = 0; i < 5; i++) operations.tell('claim.granted')
      assert.equal(await told.next(), CLAIMS)
      assert.equal(await told.next(), CLAIMS)
      operations.tell('queue.joined', { session: 's-1' })
      assert.equal(await told.next(), queue)
      operations.tell('request.filed', { holder_session: 's-9', requester_session: 's-1' })
      assert.equal(await told.next(), 'skein://inbox/s-9')
      assert.deepEqual(told.left, [])
      await stop()
      await until(() => operations.listeners.size === 0)
    })

    it('are watched no longer than their connection lives', async (t) => {
      const { operations, connect, errors } = await way.open(t)
      const client = await connect()
      await client.subscribe([CLAIMS], () => undefined)
      await until(() => operations.listeners.size === 1)
      // A session of the 2025 era outlives the connection: ended by DELETE, or when idle.
      if (way.door === 'http' && way.era === '2025') return
      await client.close()
      await until(() => operations.listeners.size === 0)
      assert.deepEqual(errors, [])
    })

    it('cannot be subscribed to without bound', async (t) => {
      const { operations, connect } = await way.open(t)
      const client = await connect()
      const many = Array.from(
        { length: SUBSCRIPTIONS_MAX + 1 },
        (_, i) => `skein://claims/r${String(i)}`,
      )
      await assert.rejects(
        client.subscribe(many, () => undefined),
        /at most 128 resources/,
      )
      assert.ok(operations.listeners.size <= 1)
    })
  })
}

describe('the address of a resource', () => {
  const resources: readonly Resource[] = [
    { kind: 'board' },
    { kind: 'claims', repo: 'owner/name' },
    { kind: 'queue', repo: 'local/a b%' },
    { kind: 'inbox', session: 'agent:alice/x?#é' },
  ]
  it('is read back as what it was made of', () => {
    for (const resource of resources) assert.deepEqual(parseUri(uriOf(resource)), resource)
  })
  it('is none of ours when it is malformed', () => {
    const wrong = ['', 'skein://', 'skein://claims', 'skein://claims/', 'skein://claims/%zz']
    const others = ['http://board', 'skein://board/x', 'skein://queue/a?b', 'skein://inbox/a#b']
    for (const uri of [...wrong, ...others, `skein://claims/${'x'.repeat(3_000)}`])
      assert.equal(parseUri(uri), null, uri)
  })
})

describe('what an event changes', () => {
  const changes = (kind: EventKind, data: object, resource: Resource): boolean =>
    isChanged(resource, { kind, data, repo: REPO } as unknown as AuditEvent)
  const rows: readonly (readonly [EventKind, object, Resource, boolean])[] = [
    ['claim.granted', {}, { kind: 'claims', repo: REPO }, true],
    ['claim.refused', {}, { kind: 'claims', repo: REPO }, false],
    ['claim.granted', {}, { kind: 'claims', repo: OTHER }, false],
    ['task.completed', {}, { kind: 'claims', repo: REPO }, true],
    ['queue.joined', {}, { kind: 'claims', repo: REPO }, false],
    ['queue.joined', {}, { kind: 'queue', repo: REPO }, true],
    ['deadlock.broken', {}, { kind: 'queue', repo: REPO }, true],
    ['claim.granted', {}, { kind: 'board' }, true],
    ['leader.lost', {}, { kind: 'board' }, true],
    ['request.filed', {}, { kind: 'board' }, false],
    ['claim.coexist', { session: 's' }, { kind: 'inbox', session: 's' }, true],
    ['claim.coexist', { session: 'x' }, { kind: 'inbox', session: 's' }, false],
    ['request.filed', { holder_session: 's' }, { kind: 'inbox', session: 's' }, true],
    ['request.filed', { holder_session: 'x' }, { kind: 'inbox', session: 's' }, false],
    ['request.filed', { holder: 'somebody' }, { kind: 'inbox', session: 's' }, true],
  ]
  for (const [kind, data, resource, isSo] of rows)
    it(`is ${isSo ? '' : 'not '}${resource.kind} by ${kind} ${JSON.stringify(data)}`, () => {
      assert.equal(changes(kind, data, resource), isSo)
    })
})

describe('Subscriptions', () => {
  it('keep the last change for a client that cannot be told now', () => {
    const operations = new FakeOperations()
    let isThere = false
    const told: string[] = []
    const subscriptions = new Subscriptions({
      operations,
      everyMs: 60_000,
      send: (uri) => isThere && told.push(uri) > 0,
    })
    subscriptions.add('a', ['skein://board'])
    subscriptions.add('b', ['skein://board'])
    isThere = true
    operations.tell('claim.granted')
    operations.tell('claim.released')
    assert.deepEqual(told, ['skein://board'])
    subscriptions.remove('a')
    assert.equal(operations.listeners.size, 1)
    subscriptions.remove('b')
    assert.equal(operations.listeners.size, 0)
    subscriptions.close()
  })
})

for (const way of WAYS.filter(({ door }) => door === 'bridge')) {
  describe(`a subscription by ${way.name}`, () => {
    it('outlives a restart of the daemon', async (t) => {
      const { operations, connect, restart } = await way.open(t)
      const client = await connect()
      const told = inbox()
      await client.subscribe([CLAIMS], told.put)
      await until(() => operations.listeners.size === 1)
      const next = await restart()
      await until(() => next.listeners.size === 1)
      if (way.era === '2025') assert.equal(await told.next(), CLAIMS)
      next.tell('claim.granted')
      assert.equal(await told.next(), CLAIMS)
    })
  })
}
