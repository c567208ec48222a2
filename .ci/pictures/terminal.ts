// The board of a machine in a real terminal (tmux), and pictures of what is on it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DemoMachine } from '../../daemon/demo/scenery/machine.ts'
import { until } from '../../test/helpers/poll.ts'
import { screenSvg } from './screen-svg.ts'

export interface BoardTerminal {
  readonly type: (...keys: string[]) => void
  /** Once all of these are on the screen: the picture of it. */
  readonly picture: (title: string, ...shown: string[]) => Promise<string>
  readonly close: () => void
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Details that have not come yet. */
const ASKING = 'asking …'
const PATIENCE = { withinMs: 30_000, everyMs: 50 }

/** @param self words that start the program */
export function openTerminal(
  machine: DemoMachine,
  self: readonly string[],
  { columns, rows }: Size,
): BoardTerminal {
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-pictures-'))
  const env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8', TERM: 'xterm-256color' },
    ...{ SKEIN_HOME: machine.home, SKEIN_NO_START: '1' },
  }
  const tmux = (...words: readonly string[]): string =>
    execFileSync('tmux', ['-u', '-S', path.join(folder, 's'), ...words], { env, encoding: 'utf8' })
  const size = ['-x', String(columns), '-y', String(rows)]
  const command = [...self, 'board'].map((word) => `'${word}'`).join(' ')
  tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', machine.clone, command)
  tmux('set-option', '-g', 'status', 'off')
  tmux('resize-window', ...size)
  return {
    type(...keys) {
      for (const key of keys) tmux('send-keys', key)
    },
    async picture(title, ...shown) {
      const look = (): boolean => {
        const screen = tmux('capture-pane', '-p')
        return shown.every((text) => screen.includes(text)) && !screen.includes(ASKING)
      }
      await until(`${shown.join(', ')} on the board of ${machine.name}`, look, PATIENCE).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}\n${tmux('capture-pane', '-p')}`)
        },
      )
      const lines = tmux('capture-pane', '-p', '-e', '-N').split('\n').slice(0, rows)
      return screenSvg(lines, columns, title)
    },
    close() {
      spawnSync('tmux', ['-S', path.join(folder, 's'), 'kill-server'])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
