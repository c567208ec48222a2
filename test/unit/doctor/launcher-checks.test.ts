import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Config } from '../../../daemon/config.ts'
import { checkLaunchers } from '../../../daemon/doctor/launcher-checks.ts'
import { findLauncher } from '../../../daemon/fleet/launchers.ts'
import { probeLauncher } from '../../../daemon/fleet/launchers/probe.ts'

/** A PATH with these programs and nothing else. */
function pathWith(t: TestContext, ...names: readonly string[]): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-path-'))
  t.after(() => {
    rmSync(folder, { recursive: true })
  })
  for (const name of names) {
    writeFileSync(path.join(folder, name), '#!/bin/sh\necho "1.2.3 (Test)"\n')
    chmodSync(path.join(folder, name), 0o755)
  }
  return folder
}

const LAUNCHERS = {
  opus: { kind: 'claude', model: 'opus' },
  script: { command: 'agent.sh' },
  own: { command: './agent.sh' },
  elsewhere: { command: '/nowhere/agent' },
} satisfies Config['fleet']['launchers']

describe('the programs of launchers', () => {
  it('are told with their version, and those that are missing with what to do', async (t) => {
    const PATH = pathWith(t, 'claude', 'codex')
    const checks = await checkLaunchers({ fleet: { launchers: LAUNCHERS } }, { PATH })
    assert.deepEqual(
      checks.map(({ name, level, says }) => [name, level, says]),
      [
        ['launcher opus', 'OK', 'starts claude 1.2.3'],
        [
          'launcher script',
          'WARN',
          'agent.sh is not there, so no worker can be started with it here',
        ],
        ['launcher own', 'OK', 'starts ./agent.sh'],
        [
          'launcher elsewhere',
          'WARN',
          '/nowhere/agent is not there, so no worker can be started with it here',
        ],
        ['launcher claude', 'OK', 'starts claude 1.2.3'],
        ['launcher codex', 'OK', 'starts codex 1.2.3'],
      ],
    )
  })

  it('are looked for before a worker is taken', (t) => {
    const PATH = pathWith(t, 'claude')
    const there = Object.fromEntries(
      ['claude', 'codex', ...Object.keys(LAUNCHERS)].map((name) => {
        const launcher = findLauncher({ fleet: { launchers: LAUNCHERS } }, name)
        assert.ok(launcher)
        return [name, probeLauncher(launcher, { PATH })]
      }),
    )
    assert.deepEqual(there, {
      ...{ claude: true, codex: false, opus: true, script: false, own: true, elsewhere: false },
    })
  })
})
