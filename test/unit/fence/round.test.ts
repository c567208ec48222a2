// What a daemon tells a remote of its claims, with real git and a ledger that says what the scene wants.
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { startFenceRound } from '../../../daemon/fence/round.ts'
import { Remote } from '../../../daemon/fence/remote.ts'
import { syncRemote } from '../../../daemon/fence/sync.ts'
import type { Facts } from '../../../daemon/fence/token.ts'
import { createGit } from '../../../daemon/git.ts'
import { createUserGit } from '../../../daemon/git-user.ts'
import type { Repo } from '../../../daemon/repos.ts'
import { asRepoId, type AuditEvent } from '../../../protocol/index.ts'
import { git, makeFolder, makeRepo } from '../../helpers/repo.ts'

const REPO = asRepoId('acme/shop')
const ENV = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null' }
const SECONDS_MAX = 20
const GATHER_MS = 300

function scope(fence: number, pattern: string) {
  const { kind, mode } = { kind: 'file', mode: 'exclusive' } as const
  const party = { agent: 'ann', session: `s${String(fence)}`, machine: 'box' }
  return { id: `clm_${String(fence)}`, ...party, kind, pattern, symbols: [], mode }
}

function released(fence: number, pattern: string): AuditEvent {
  const { id: claim, kind: claim_kind, ...what } = scope(fence, pattern)
  const data = { claim, claim_kind, fence, ...what, reason: 'released' }
  return { repo: REPO, kind: 'claim.released', machine: 'box', data } as unknown as AuditEvent
}

/** A remote that knows one claim, of fence 1, on `old.ts`. */
async function stage(t: TestContext) {
  const root = makeRepo(t)
  const bare = path.join(makeFolder(t), 'shop.git')
  git(root, 'clone', '--quiet', '--bare', root, bare)
  git(root, 'remote', 'add', 'origin', bare)
  git(root, 'config', `url.skein::${bare}.pushInsteadOf`, bare)
  const live = new Map([[1, 'old.ts']])
  let index = 1
  const facts = (): Facts => ({
    ...{ repo: REPO, machine: 'box', ledger: 'a'.repeat(64), case_exact: true, provisional: [] },
    position: { generation: 1, term: 1, index },
    tokens: [...live].map(([fence, pattern]) => ({ fence, claims: [scope(fence, pattern)] })),
  })
  const remote = new Remote(createUserGit(root, ENV), { url: bare, receivePack: null })
  const begun = { facts: facts(), needed: new Set<number>(), kind: 'commit' } as const
  assert.equal((await syncRemote(remote, begun)).kind, 'synced')

  t.mock.timers.enable({ apis: ['setTimeout'] })
  let hear: (event: AuditEvent) => void = () => undefined
  const repo = { id: REPO, checkouts: [root] } as unknown as Repo
  const warned: string[] = []
  const round = startFenceRound({
    repos: { all: () => [repo] },
    git: createGit(ENV),
    env: ENV,
    factsOf: facts,
    watch: (watcher) => {
      hear = watcher
      return () => undefined
    },
    log: {
      info: () => undefined,
      warn: (_: unknown, words: string) => warned.push(words),
    },
  })
  t.after(() => round.stop())
  return {
    bare,
    warned,
    /** A claim on the pattern is granted, without any other having been heard of. */
    grant: (fence: number, pattern: string) => {
      live.set(fence, pattern)
      index++
      hear({ repo: REPO, kind: 'claim.granted', data: {} } as unknown as AuditEvent)
    },
    hear: (event: AuditEvent) => {
      index++
      hear(event)
    },
    passMs: (ms: number) => {
      t.mock.timers.tick(ms)
    },
    fences: () =>
      git(bare, 'for-each-ref', '--format=%(refname:lstrip=4)', 'refs/skein/fence/t')
        .trim()
        .split('\n'),
  }
}

/** Timers stand still here: what is waited for is git. */
async function until(look: () => boolean): Promise<void> {
  const end = performance.now() + SECONDS_MAX * 1000
  while (!look()) {
    assert.ok(performance.now() < end, 'not in time')
    await turn()
  }
}

describe('a remote of a fenced clone', () => {
  it('hears of a grant over a claim that came and went between two looks', async (t) => {
    const { grant, hear, passMs, fences } = await stage(t)
    hear(released(2, 'src/**'))
    grant(3, 'src/a.ts')
    passMs(GATHER_MS)
    await until(() => fences().includes('3'))
  })

  it('that could not be told is told a little later', async (t) => {
    const { bare, grant, hear, passMs, fences, warned } = await stage(t)
    renameSync(bare, `${bare}.away`)
    hear(released(2, 'src/**'))
    grant(3, 'src/a.ts')
    passMs(GATHER_MS)
    await until(() => warned.length > 0)
    renameSync(`${bare}.away`, bare)
    await turn()
    passMs(2_000)
    await until(() => fences().includes('3'))
  })
})
