// A service of this user that starts the daemon at login: a unit of systemd, or an agent of launchd. Both call this very
// program by its full path, since a service manager knows no PATH of a shell.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { FileChange, WiringOrder, WiringPlan } from '../cli/setup.ts'
import { homePath } from '../client/place.ts'
import { lookAt } from './target.ts'
import { template } from './templates.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where the system's service manager looks; null where skein knows none. */
export function serviceFile(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const home = env['HOME'] ?? os.homedir()
  if (platform === 'darwin') return path.join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`)
  if (platform !== 'linux') return null
  const config = env['XDG_CONFIG_HOME'] ?? ''
  return path.join(config === '' ? path.join(home, '.config') : config, 'systemd', 'user', UNIT)
}

const LABEL = 'dev.skein.daemon'
const UNIT = 'skein.service'

export function planService(
  order: WiringOrder,
  env: Environment,
): Pick<WiringPlan, 'changes' | 'problems' | 'notes'> {
  const file = serviceFile(env)
  if (file === null) {
    const note = `On ${process.platform} skein knows no service manager: start \`skein up\` yourself.`
    return { changes: [], problems: [], notes: [note] }
  }
  const target = lookAt(path.dirname(file), file)
  if (target.kind === 'link' || target.kind === 'unusable') {
    const problem = target.kind === 'link' ? 'is a symbolic link' : target.why
    return { changes: [], problems: [{ shown: file, problem, hint: `rm ${file}` }], notes: [] }
  }
  const before = target.kind === 'file' ? target.bytes : null
  const after = order.act === 'uninstall' ? null : Buffer.from(serviceText(order.self, env))
  const isSame = before === null ? after === null : after !== null && before.equals(after)
  const change: FileChange = { file, shown: file, before, after, mode: 0o644, what: 'user service' }
  return { changes: isSame ? [] : [change], problems: [], notes: [] }
}

export function serviceText(
  self: readonly string[],
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const [home, searched] = [homePath(env), env['PATH'] ?? '']
  if (platform === 'darwin') {
    const words = [...self, 'up', '--quiet'].map(
      (word) => `    <string>${escapeXml(word)}</string>`,
    )
    const values = { words: words.join('\n'), home: escapeXml(home), path: escapeXml(searched) }
    return template('service/dev.skein.daemon.plist', values)
  }
  const program = self.map(quoteUnit).join(' ')
  const values = {
    program,
    home: quoteUnit(`SKEIN_HOME=${home}`),
    path: quoteUnit(`PATH=${searched}`),
  }
  return template('service/skein.service', values)
}

/** Starts it, or lets it go, where a service manager of this user runs. @returns what was done, in words. */
export async function switchService(isOn: boolean, env: Environment): Promise<string> {
  const file = serviceFile(env)
  if (file === null) return ''
  const commands = process.platform === 'darwin' ? launchd(file, isOn) : systemd(isOn)
  for (const words of commands) {
    if (await succeeds(words, env)) continue
    return `No service manager of yours answers here; at your next login: ${words.join(' ')}`
  }
  return isOn ? 'The service is on, and starts at each login.' : 'The service is off.'
}

function systemd(isOn: boolean): readonly (readonly string[])[] {
  const act = isOn ? 'enable' : 'disable'
  const turn = ['systemctl', '--user', act, '--now', UNIT]
  const reload = ['systemctl', '--user', 'daemon-reload']
  // Off before its file is gone, on after it has come.
  return isOn ? [reload, turn] : [turn]
}

function launchd(file: string, isOn: boolean): readonly (readonly string[])[] {
  const domain = `gui/${String(process.getuid?.() ?? 0)}`
  if (isOn) return [['launchctl', 'bootstrap', domain, file]]
  return existsSync(file) ? [['launchctl', 'bootout', `${domain}/${LABEL}`]] : []
}

const SWITCH_MS_MAX = 10_000

function succeeds([program = '', ...words]: readonly string[], env: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, words, { env: { ...env }, timeout: SWITCH_MS_MAX }, (error) => {
      resolve(error === null)
    })
  })
}

/** One word of a unit file: quoted, without specifiers and variables. */
function quoteUnit(word: string): string {
  const escaped = word
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll('\n', '\\n')
  return `"${escaped}"`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
