import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Config } from '../../../daemon/config.ts'
import { acceptDispatch } from '../../../daemon/fleet/acceptance.ts'
import { asPeerId, asRepoId, SkeinError } from '../../../protocol/index.ts'

const SELF = asPeerId('self')

function refusalOf(fleet: Config['fleet'], peer: string, more: object = {}): string | null {
  const dispatch = { repo: asRepoId('team/proj'), launcher: 'claude', machine: peer, ...more }
  try {
    acceptDispatch({ fleet }, SELF, { ...dispatch, peer: asPeerId(peer) })
    return null
  } catch (error) {
    assert.ok(error instanceof SkeinError && error.code === 'ASSIGNMENT_REFUSED')
    return error.message
  }
}

describe('who may start workers here', () => {
  it('is this machine alone, until it says more', () => {
    assert.equal(refusalOf({}, 'self'), null)
    assert.match(refusalOf({}, 'ada') ?? '', /no workers from ada/)
  })

  it('are the machines that it names, in the repositories that it names', () => {
    const fleet = { accept: ['ada'], repos: ['team/proj'] }
    assert.equal(refusalOf(fleet, 'ada'), null)
    assert.match(refusalOf(fleet, 'bob') ?? '', /no workers from bob/)
    assert.match(refusalOf({ accept: ['ada'] }, 'ada') ?? '', /from others in team\/proj/)
    assert.equal(
      refusalOf({ accept: ['peer-9'], repos: ['team/proj'] }, 'peer-9', { machine: 'x' }),
      null,
    )
  })

  it('is nobody where there is no room at all, or no such launcher', () => {
    assert.match(refusalOf({ max_workers: 0 }, 'self') ?? '', /max_workers is 0/)
    assert.match(
      refusalOf({}, 'self', { launcher: 'toString' }) ?? '',
      /no launcher 'toString'; it has claude, codex, opencode/,
    )
  })
})
