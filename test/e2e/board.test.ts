// `skein board` in a real terminal, against a real daemon: what is on the screen, what keys do, and how the terminal is left.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { onCleanup } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const hasTmux = spawnSync('tmux', ['-V']).status === 0
const skip = hasTmux ? false : 'tmux is not installed: apt-get install tmux'
/** Of a machine that does much else. */
const PATIENCE = { withinMs: 30_000, everyMs: 50 }

class Terminal {
  readonly #socket: string

  constructor(t: TestContext, home: string, cwd: string) {
    this.#socket = path.join(makeFolder(t, 'skein-tmux-'), 's')
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: home, PS1: '$ ', LANG: 'C.UTF-8' }
    this.#tmux(
      ['-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', '-c', cwd, 'sh'],
      env,
    )
    onCleanup(t, () => {
      spawnSync('tmux', ['-S', this.#socket, 'kill-server'])
    })
  }

  screen(): string {
    return this.#tmux(['capture-pane', '-p'])
  }

  type(...keys: string[]): void {
    this.#tmux(['send-keys', ...keys])
  }

  resize(columns: number, rows: number): void {
    this.#tmux(['resize-window', '-x', String(columns), '-y', String(rows)])
  }

  shows(text: string): Promise<string> {
    const look = (): string | false => {
      const screen = this.screen()
      return screen.includes(text) && screen
    }
    return until(`"${text}" is on the screen`, look, PATIENCE).catch((error: unknown) => {
      throw new Error(`${String(error)}:\n${this.screen()}`)
    })
  }

  #tmux(words: readonly string[], env?: Readonly<Record<string, string>>): string {
    const options = { encoding: 'utf8' as const, ...(env === undefined ? {} : { env }) }
    return execFileSync('tmux', ['-u', '-S', this.#socket, ...words], options)
  }
}

async function claim(daemon: Daemon, cwd: string, who: string, pattern: string): Promise<string> {
  const scopes = [{ kind: 'file', pattern }]
  const { claims } = await daemon.client.must('claim', { cwd, agent: who, session: who, scopes })
  const [first] = claims
  assert.ok(first !== undefined)
  return first.id
}

describe('skein board', { skip }, () => {
  it('shows, follows, acts, survives its daemon, and leaves the terminal as it was', async (t) => {
    const root = makeRepo(t)
    let daemon = await startDaemon(t)
    await claim(daemon, root, 'ann', 'src/a.ts')
    const terminal = new Terminal(t, daemon.home, root)
    terminal.type(`echo before; ${process.execPath} ${PROGRAM} board; echo "left with $?"`, 'Enter')
    await terminal.shows('a.ts')
    const first = terminal.screen()
    assert.match(first, /test\/shop {2}ok/)
    assert.ok(!first.includes('before'), 'the board has a screen of its own')

    const id = await claim(daemon, root, 'ben', 'src/b.ts')
    await terminal.shows('b.ts')
    terminal.type('G', 'x')
    await terminal.shows('against the will of its holder')
    terminal.type('it hangs', 'Enter')
    await terminal.shows('Reason: it hangs')
    terminal.type('y')
    await terminal.shows(`released ${id}`)
    const { claims } = await daemon.client.must('claims', { cwd: root })
    assert.deepEqual(
      claims.map(({ agent }) => agent),
      ['ann'],
    )

    terminal.type(':', 'claims', 'Enter')
    await terminal.shows('skein claims')
    terminal.type('Escape')
    terminal.resize(140, 40)
    await terminal.shows('WHAT FOR')

    terminal.type('6')
    const events = await terminal.shows('released')
    assert.equal(events.split('ann was granted').length - 1, 1, 'what was before is told once')
    terminal.type('2')

    const { home } = daemon
    await daemon.kill()
    await terminal.shows('DAEMON LOST')
    daemon = await startDaemon(t, { home })
    await until('it is back', () => !terminal.screen().includes('DAEMON LOST'), PATIENCE)
    await claim(daemon, root, 'cleo', 'README.md')
    await terminal.shows('README.md')

    terminal.type('q')
    const after = await terminal.shows('left with 0')
    assert.match(after, /before/)
    assert.ok(!after.includes('README.md'), 'nothing of the board is left')
  })

  it('gives the terminal back when it is told to end', async (t) => {
    const root = makeRepo(t)
    const daemon = await startDaemon(t)
    await claim(daemon, root, 'ann', 'src/a.ts')
    const terminal = new Terminal(t, daemon.home, root)
    // The shell's child becomes the board, so that its number is known.
    const board = `exec ${process.execPath} ${PROGRAM} board`
    terminal.type(
      `sh -c 'echo $$ > ${daemon.home}/pid; ${board}'; stty -a | grep -o '.icanon'`,
      'Enter',
    )
    await terminal.shows('a.ts')
    const pid = Number(execFileSync('cat', [path.join(daemon.home, 'pid')], { encoding: 'utf8' }))
    process.kill(pid, 'SIGTERM')
    const after = await terminal.shows('icanon')
    assert.ok(!after.includes('-icanon'), 'lines are edited again')
  })

  it('is printed once where there is no terminal', async (t) => {
    const root = makeRepo(t)
    const daemon = await startDaemon(t)
    await claim(daemon, root, 'ann', 'src/a.ts')
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: daemon.home, SKEIN_SESSION: 'x' }
    const run = (...words: string[]): string =>
      execFileSync(process.execPath, [PROGRAM, 'board', ...words], {
        cwd: root,
        env,
        encoding: 'utf8',
      })
    const text = run()
    assert.match(text, /CLAIMS\n.*src\/a\.ts/s)
    assert.match(text, /QUEUE\nNobody waits\./)
    assert.match(text, /WORKERS\nNo workers\./)
    const told = JSON.parse(run('--json')) as { repo: string; claims: unknown }
    const answer = await daemon.client.must('claims', { repo: 'test/shop' })
    assert.equal(told.repo, 'test/shop')
    const { claims } = told.claims as typeof answer
    assert.deepEqual(
      claims.map(({ id }) => id),
      answer.claims.map(({ id }) => id),
    )
  })
})
