// What a machine does with workers that no ledger knows of any more.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { bootId } from '../../../daemon/client/proc.ts'
import { openWorkerFiles } from '../../../daemon/fleet/files.ts'
import { startFleet } from '../../../daemon/fleet/fleet.ts'
import { openRuns } from '../../../daemon/fleet/runs.ts'
import { identityOf } from '../../../daemon/process-group.ts'
import { onCleanup } from '../../helpers/cleanup.ts'
import { until } from '../../helpers/poll.ts'
import { makeFolder } from '../../helpers/repo.ts'

describe('a worker that no ledger knows of', () => {
  it('is ended a while after its ledger was opened, and not before', async (t) => {
    const home = makeFolder(t)
    const folder = path.join(home, 'workers', `asg_${'0'.repeat(26)}`)
    const files = openWorkerFiles(folder)
    const order = { repo: 'r', kind: 'command', command: 'sh', cwd: '/', base: '' } as const
    files.writeOrder({ ...order, args: [] }, '')
    const child = spawn('sleep', ['300'], { stdio: 'ignore' })
    onCleanup(t, () => void child.kill('SIGKILL'))
    const over = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once('exit', (_, signal) => {
        resolve(signal)
      })
    })
    const identity = identityOf(child.pid ?? 0)
    files.writeRunning({ supervisor: identity, worker: identity, boot: bootId() })
    let now = 0
    const view = () => ({ state: { assignments: new Map() } })
    const repo: { id: string; host: object | null } = { id: 'r', host: null }
    const look: (() => void)[] = []
    // The parts of a daemon that this asks for.
    const options = {
      ...{ home, self: 'p', machineOf: (peer: string) => peer, config: { fleet: {} }, env: {} },
      ...{ repos: { all: () => [repo], get: () => repo }, supervisor: [] },
      clock: { wall: () => now, monotonic: () => now },
      watch: (listener: (event: { kind: string }) => void) => {
        look.push(() => {
          listener({ kind: 'assignment.lost' })
        })
        return () => undefined
      },
      log: { info: () => undefined, warn: () => undefined },
    } as unknown as Parameters<typeof startFleet>[0]
    const fleet = startFleet(options)
    onCleanup(t, () => fleet.stop())
    const lookAt = async (time: number): Promise<void> => {
      now = time
      for (const each of look) each()
      await new Promise(setImmediate)
      await new Promise(setImmediate)
    }
    await lookAt(100_000)
    repo.host = { loop: { view } }
    await lookAt(200_000)
    await lookAt(259_999)
    assert.equal(child.exitCode ?? child.signalCode, null)
    await lookAt(260_000)
    assert.equal(await over, 'SIGTERM')
    await until('it is done with', async () => {
      await lookAt(now)
      return openRuns(folder).isDone()
    })
  })
})
