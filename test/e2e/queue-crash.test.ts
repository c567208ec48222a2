// `kill -9` at every step of a queue's and a request's life: right after the answer, and while the call is under way. What
// was told stands; whoever asks again goes on where it was; nobody is granted twice, and nobody's place is lost.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/queue-crash'
const SCOPES = [{ kind: 'file', pattern: 'src/a.ts' }]
const WAIT_S = 120

/** A daemon that dies and comes back, and callers who ask again after each death. */
class Scene {
  readonly #cleaner: ReturnType<typeof createCleaner>
  readonly #home: string
  readonly #cwd: string
  #daemon: Daemon | null = null
  #waiters = new Set<string>()

  constructor(cleaner: ReturnType<typeof createCleaner>) {
    this.#cleaner = cleaner
    this.#home = path.join(makeFolder(cleaner, 'skein-home-'), 'h')
    this.#cwd = makeRepo(cleaner, { files: ['src/a.ts'], skeinYml: `repo: ${REPO}\n` })
  }

  async start(): Promise<void> {
    this.#daemon = await startDaemon(this.#cleaner, { home: this.#home })
    for (const session of this.#waiters) {
      const asked = this.#waitAs(session)
      // Its answer comes at once; one that came behind its own release would be a claim of its own.
      if (await this.holds(session)) await asked
    }
  }

  async kill(): Promise<void> {
    await this.#daemon?.kill()
  }

  get client(): ApiClient {
    assert.ok(this.#daemon !== null)
    return this.#daemon.client
  }

  as(session: string): { cwd: string; agent: string; session: string } {
    return { cwd: this.#cwd, agent: session, session }
  }

  /** Asks for a place, and again after each death; who has one, or the claim, has asked enough. */
  async wait(session: string): Promise<void> {
    this.#waiters.add(session)
    void this.#waitAs(session)
    await until(`${session} waits`, async () => {
      const { entries } = await this.client.must('queue', { repo: REPO })
      return (
        entries.some((entry) => entry.session === session) || (await this.holds(session)) || null
      )
    })
  }

  async holds(session: string): Promise<boolean> {
    const { claims } = await this.client.must('claims', { repo: REPO })
    assert.ok(claims.length <= 1, 'two hold one file')
    return claims.some((claim) => claim.session === session)
  }

  async release(session: string): Promise<void> {
    const events = await this.events()
    const isOver = events.some(
      ({ kind, data }) => kind === 'claim.released' && data['session'] === session,
    )
    if (!isOver) await until(`${session} holds`, async () => (await this.holds(session)) || null)
    this.#waiters.delete(session)
    await this.client.must('release', { ...this.as(session), this_session: true })
  }

  async events(): Promise<readonly { kind: string; data: Readonly<Record<string, unknown>> }[]> {
    const { events } = await this.client.must('why', {
      ...{ repo: REPO, pattern: 'src/a.ts', limit: 500 },
    })
    return events
  }

  #waitAs(session: string): Promise<unknown> {
    const asked = { ...this.as(session), scopes: SCOPES, wait_s: WAIT_S }
    // It breaks off when the daemon dies.
    return this.client.call('claim', asked).catch(() => undefined)
  }
}

/** Each may be done again after a death in the middle of it. */
const STEPS: readonly {
  readonly name: string
  readonly act: (scene: Scene) => Promise<unknown>
}[] = [
  {
    name: 'a claim',
    act: (scene) => scene.client.must('claim', { ...scene.as('alice'), scopes: SCOPES }),
  },
  { name: 'the first wait', act: (scene) => scene.wait('bob') },
  { name: 'the second wait', act: (scene) => scene.wait('carol') },
  { name: 'a request', act: (scene) => ask(scene) },
  {
    name: 'its answer',
    act: async (scene) => {
      const request = await ask(scene)
      const answer = { request, decision: 'approve' }
      if (request !== null) await scene.client.must('respond', { ...scene.as('alice'), ...answer })
    },
  },
  { name: 'the first hand-over', act: (scene) => scene.release('bob') },
  { name: 'the second hand-over', act: (scene) => scene.release('carol') },
]

/** The request against the first holder's claim; null when that is over. */
async function ask(scene: Scene): Promise<string | null> {
  if (!(await scene.holds('alice'))) return null
  const { claims } = await scene.client.must('claims', { repo: REPO })
  const asked = { claim: claims[0]?.id ?? '', reason: 'needed' }
  const { request } = await scene.client.must('request', { ...scene.as('dave'), ...asked })
  return request.id
}

describe('a daemon that is killed', () => {
  for (const [at, { name }] of STEPS.entries()) {
    for (const when of ['after', 'in the middle of'] as const) {
      it(`${when} ${name} loses no place and grants nothing twice`, async (t) => {
        const cleaner = createCleaner()
        t.after(() => cleaner.run())
        const scene = new Scene(cleaner)
        await scene.start()
        for (const [step, { act }] of STEPS.entries()) {
          if (step === at) {
            const acting = act(scene)
            acting.catch(() => undefined)
            if (when === 'after') await acting
            else await delay(step)
            await scene.kill()
            await scene.start()
          }
          await act(scene)
        }
        await judge(scene)
      })
    }
  }
})

async function judge(scene: Scene): Promise<void> {
  const events = await scene.events()
  const told = events
    .toReversed()
    .map(({ kind, data }) =>
      typeof data['session'] === 'string' ? `${kind} ${data['session']}` : kind,
    )
  const of = (kind: string): string[] => told.filter((line) => line.startsWith(kind))
  assert.deepEqual(of('claim.granted'), [
    'claim.granted alice',
    'claim.granted bob',
    'claim.granted carol',
  ])
  assert.deepEqual(of('queue.joined').length, 2, told.join('\n'))
  assert.deepEqual([of('queue.cancelled'), of('queue.expired'), of('deadlock')], [[], [], []])
  assert.deepEqual([of('request.filed').length, of('request.answered').length], [1, 1])
  assert.deepEqual((await scene.client.must('queue', { repo: REPO })).entries, [])
  assert.deepEqual((await scene.client.must('claims', { repo: REPO })).claims, [])
  assert.equal((await scene.client.must('audit/verify', { repo: REPO })).ok, true)
}
