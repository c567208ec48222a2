// Completions in the shells themselves: each is given the script as a person gives it, and asked what it would offer.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { makeMachine, PROGRAM, type Machine } from '../helpers/cli-daemon.ts'

interface Desk {
  readonly machine: Machine
  readonly repo: string
  /** Words of a line that is being typed, the last under the cursor; what the shell offers for it. */
  readonly complete: (shell: Shell, ...words: readonly string[]) => readonly string[]
}
type Shell = keyof typeof ASK

/** A machine with `skein` on its PATH and a repository, in the session `me`. */
function makeDesk(t: TestContext): Desk {
  const machine = makeMachine(t)
  const bin = path.join(machine.folder, 'bin')
  mkdirSync(bin)
  symlinkSync(PROGRAM, path.join(bin, 'skein'))
  const repo = machine.makeRepo('shop', {
    '.skein.yml': 'repo: team/shop\n',
    'src/a.ts': 'a\n',
    'src/b c.ts': 'b\n',
  })
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: machine.folder,
    SKEIN_HOME: machine.home,
    SKEIN_SESSION: 'me',
    TERM: 'dumb',
  }
  return {
    machine,
    repo,
    complete(shell, ...words) {
      const [program, ...args] = ASK[shell](words)
      const options = { cwd: repo, env, encoding: 'utf8', input: '', timeout: 60_000 } as const
      const { stdout, stderr, status } = spawnSync(program, args, options)
      assert.equal(status, 0, `${shell}: ${stderr}`)
      const offered = stdout.split('\n').map((line) => line.replace(/\t.*/, ''))
      // zsh says some of them twice: with what they are, and without.
      return [...new Set(offered)].filter((word) => word !== '').toSorted()
    },
  }
}

const BASH = String.raw`
source <(skein completions bash)
COMP_WORDS=(skein "$@")
COMP_CWORD=$#
_skein
printf '%s\n' "${'$'}{COMPREPLY[@]}"
`

/** A terminal of its own, in which Tab prints what would be offered. */
const ZSH = String.raw`
zmodload zsh/zpty
zpty shell zsh -f -i
tell='skein-offers() {
  compadd() {
    local -a found
    builtin compadd -O found "$@"
    offered+=("${'$'}{found[@]}")
    builtin compadd "$@"
  }
  local -a offered
  _main_complete
  print -r -- "BEGIN${'$'}{(uj:|:)offered}E""ND"
}'
zpty -w shell "autoload -Uz compinit; compinit -u -D; source <(skein completions zsh); $tell; zle -C offers complete-word skein-offers; bindkey '^I' offers; print REA""DY"
zpty -r shell seen '*READY*'
zpty -w -n shell "skein ${'$'}{(j: :)${'$'}{(@q)@[1,-2]}} ${'$'}{@[-1]}"$'\t'
zpty -r shell seen '*BEGIN*END*'
found=${'$'}{${'$'}{seen##*BEGIN}%%END*}
print -rl -- ${'$'}{(Q)${'$'}{(s:|:)found}}
zpty -d shell
`

const ASK = {
  bash: (words: readonly string[]) => ['bash', '--norc', '-c', BASH, 'bash', ...words],
  zsh: (words: readonly string[]) => ['zsh', '-f', '-c', ZSH, 'zsh', ...words],
  fish: (words: readonly string[]) => [
    'fish',
    '--no-config',
    '-c',
    'skein completions fish | source; complete -C (string join " " -- skein $argv)',
    '--',
    ...words,
  ],
} as const satisfies Record<string, (words: readonly string[]) => readonly [string, ...string[]]>

function isMissing(shell: Shell): string | false {
  try {
    execFileSync(shell, ['-c', ':'], { stdio: 'ignore' })
    return false
  } catch {
    return `${shell} is not installed`
  }
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  describe(`completions in ${shell}`, { skip: isMissing(shell) }, () => {
    it('offer commands, sub-commands, flags, and the values of flags', (t) => {
      const { complete } = makeDesk(t)
      assert.deepEqual(complete(shell, 'cla'), ['claim', 'claims'])
      assert.deepEqual(complete(shell, 'task', ''), ['claim', 'complete', 'expire', 'list'])
      assert.deepEqual(complete(shell, 'claim', '--urg'), ['--urgency'])
      const levels = ['blocking', 'high', 'low', 'normal']
      assert.deepEqual(complete(shell, 'claim', '--urgency', ''), levels)
      assert.deepEqual(complete(shell, 'respond', 'req_1', 'a'), ['approve'])
    })

    it('offer files where a pattern goes', (t) => {
      const { complete } = makeDesk(t)
      const files = complete(shell, 'narrow', 'clm_1', 'src/')
      const names = files.map((file) => file.replace(/^src\//, '').replace('\\', ''))
      // zsh completes the folder before what is in it.
      const inside = names.filter((name) => name !== 'src')
      assert.deepEqual(inside, ['a.ts', 'b c.ts'])
    })

    it('offer what there is at the moment, and start no daemon for it', async (t) => {
      const { machine, repo, complete } = makeDesk(t)
      assert.deepEqual(complete(shell, 'cancel', 'que_'), [])
      assert.equal((await machine.run('status')).exit, 2, 'a key has started a daemon')
      await machine.run('up --background', { cwd: repo })
      const claim = async (file: string, session: string): Promise<string> => {
        const { stdout } = await machine.run(`claim ${file} --quiet --session ${session}`, {
          cwd: repo,
        })
        return stdout.trim()
      }
      const [mine, theirs] = [await claim('src/a.ts', 'me'), await claim('src/c.ts', 'other')]
      assert.deepEqual(complete(shell, 'release', 'clm_'), [mine])
      assert.deepEqual(complete(shell, 'request', 'clm_'), [theirs])
      assert.deepEqual(complete(shell, '--repo', ''), ['team/shop'])
    })
  })
}

describe('the script for bash', () => {
  it('goes on behind = as bash cuts it, and takes words behind -- for no flags', (t) => {
    const { complete } = makeDesk(t)
    assert.deepEqual(complete('bash', 'claim', '--urgency', '=', 'h'), ['high'])
    assert.deepEqual(complete('bash', 'claim', '--urgency', '='), [
      'blocking',
      'high',
      'low',
      'normal',
    ])
    assert.deepEqual(complete('bash', 'claim', '--', '--ur'), [])
  })
})
