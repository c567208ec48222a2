import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Config } from '../../../daemon/config.ts'
import { machineFileSchema } from '../../../daemon/config-schema.ts'
import { acceptDispatch } from '../../../daemon/fleet/acceptance.ts'
import { findLauncher } from '../../../daemon/fleet/launchers.ts'
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
      /no launcher 'toString'; it has claude/,
    )
  })
})

describe('a launcher', () => {
  it('starts what its config says, and nothing else', () => {
    const launchers = { sh: { command: 'sh', args: ['-s'], env: { A: '1' } } }
    assert.deepEqual(findLauncher({ fleet: { launchers } }, 'sh'), {
      ...{ kind: 'command', command: 'sh', args: ['-s'], env: { A: '1' } },
    })
  })

  it('of Claude Code has its tools denied by real flags, its model, and what is added', () => {
    const launchers = {
      claude: { kind: 'claude', model: 'opus', args: ['--max-turns', '50'] },
    } satisfies Config['fleet']['launchers']
    const { args = [], command } = findLauncher({ fleet: { launchers } }, 'claude') ?? {}
    assert.equal(command, 'claude')
    assert.deepEqual(args.slice(0, 4), ['-p', '--output-format', 'stream-json', '--verbose'])
    assert.match(args[args.indexOf('--disallowedTools') + 1] ?? '', /Bash\(git push:\*\),/)
    assert.deepEqual(args.slice(-4), ['--model', 'opus', '--max-turns', '50'])
  })

  it('denies nothing where its config says so in as many words', () => {
    const launchers = { free: { kind: 'claude', deny: [] } } as const
    const args = findLauncher(
      { fleet: { launchers: { free: { ...launchers.free, deny: [] } } } },
      'free',
    )?.args
    assert.equal(args?.includes('--disallowedTools'), false)
  })

  it('without a program is a mistake in config.yml', () => {
    const wrong = machineFileSchema.safeParse({ fleet: { launchers: { x: { args: [] } } } })
    assert.match(wrong.error?.issues[0]?.message ?? '', /needs a `command`/)
    const right = machineFileSchema.safeParse({ fleet: { launchers: { x: { kind: 'claude' } } } })
    assert.ok(right.success)
  })
})
