import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attach, vouchForOthers, type AttachingOptions } from '../../../../daemon/mesh/attaching.ts'
import type { Answering } from '../../../../daemon/mesh/switchboard.ts'
import {
  asPeerId,
  asRepoId,
  emptyState,
  SkeinError,
  type PeerId,
} from '../../../../protocol/index.ts'

const REPO = asRepoId('team/proj')
const OTHER_REPO = asRepoId('team/other')
const [ADA, BOB] = [asPeerId('ada'), asPeerId('bob')]
const OFFER = { commits: ['c1'] }

/** A machine whose clones answer as told: a question, null for an unknown history, or an error. */
function desk(clones: Readonly<Record<string, SkeinError | null>>) {
  const handlers = new Map<string, Answering>()
  const asked: PeerId[] = []
  const state = emptyState()
  const repo = { repo: REPO, generation: 1, founder: ADA, voters: [ADA], roots: [], genesis: 'g' }
  state.repos.set(REPO, { ...repo, machines: [ADA] })
  const options = {
    mesh: {
      self: BOB,
      state: () => state,
      member: () => undefined,
      board: {
        answer: (method: string, answering: Answering) => handlers.set(method, answering),
        isReady: () => true,
        ask: (peer: PeerId) => {
          asked.push(peer)
          return Promise.reject(new SkeinError('REPO_FOREIGN', 'not the same'))
        },
      },
    },
    proof: {
      offer: () => Promise.resolve(OFFER),
      question: (root: string) => {
        const outcome = clones[root] ?? null
        return outcome === null ? Promise.resolve(null) : Promise.reject(outcome)
      },
    },
    clock: { uptime: () => 1 },
    log: { warn: () => undefined },
    checkoutsOf: () => Object.keys(clones),
    name: 'desk',
    refusals: new Map(),
  } as unknown as AttachingOptions
  vouchForOthers(options)
  const question = (from: PeerId, of: string): Promise<unknown> => {
    const handler = handlers.get('repo.question')
    assert.ok(handler !== undefined)
    return handler(from, { repo: of, offer: OFFER })
  }
  return { options, question, asked }
}

describe('a machine that vouches', () => {
  it('says that it has no clone now, and nothing of where one was', async () => {
    const gone = new SkeinError('REPO_NOT_GIT', 'git in /home/ada/secret could not be started')
    const { question } = desk({ '/home/ada/secret': gone })
    for (let time = 0; time < 5; time++)
      await assert.rejects(question(BOB, REPO), (error) => {
        assert.ok(error instanceof SkeinError && error.code === 'PEER_UNREACHABLE')
        return !error.message.includes('/home') && error.message.includes('desk has no clone')
      })
  })

  it('hears three wrong histories an hour, of each repository by itself', async () => {
    const { question } = desk({ '/here': null })
    for (let time = 0; time < 3; time++)
      await assert.rejects(question(BOB, REPO), { message: /knows no commit/ })
    await assert.rejects(question(BOB, REPO), { message: /try again in an hour/ })
    await assert.rejects(question(BOB, OTHER_REPO), { message: /knows no commit/ })
  })
})

describe('a machine that was refused', () => {
  it('does not show the same history again for a while', async () => {
    const { options, asked } = desk({})
    for (let time = 0; time < 3; time++)
      await assert.rejects(attach(options, REPO, '/clone'), { code: 'REPO_FOREIGN' })
    assert.deepEqual(asked, [ADA])
  })
})
