// The file that starts the daemon at login: a unit of systemd, or an agent of launchd. It names this very program and its runtime by their
// full paths and brings its own PATH, so that it works where the environment is empty.
// 1. Every word is quoted for who reads it: what a path holds is never a specifier, a variable or markup.
// 2. The second line has a sum of all others: a file that somebody has changed is known from one that skein wrote.
import path from 'node:path'
import type { ServiceFile, ServiceManager } from '../cli/user-service.ts'
import { digestOf } from '../client/digest.ts'
import { template } from '../wiring/templates.ts'
import { homeOf } from './search-path.ts'

type Environment = Readonly<Record<string, string | undefined>>

export const LABEL = 'dev.skein.daemon'
export const UNIT = 'skein.service'

/** Null where skein knows none. */
export function managerOf(platform: NodeJS.Platform): ServiceManager | null {
  return platform === 'linux' ? 'systemd' : platform === 'darwin' ? 'launchd' : null
}

/** Where the manager looks for the files of this user. */
export function serviceFile(manager: ServiceManager, env: Environment): string {
  const home = homeOf(env)
  if (manager === 'launchd') return path.join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`)
  return path.join(systemdFolder(env), UNIT)
}

/** The link that enabling makes. */
export function enabledLink(env: Environment): string {
  return path.join(systemdFolder(env), 'default.target.wants', UNIT)
}

export interface ServiceFacts {
  /** Words that start this program: the runtime, its options, the script. */
  readonly self: readonly string[]
  /** Of the user. */
  readonly folder: string
  /** Of skein. */
  readonly home: string
  readonly searched: string
}

export function serviceText(manager: ServiceManager, facts: ServiceFacts): string {
  const text = manager === 'systemd' ? unitText(facts) : agentText(facts)
  return text.replace(SUM, sumOf(text))
}

/** Whose file it is. */
export function judgeFile(text: string): Exclude<ServiceFile, 'absent'> {
  if (!text.includes(MARK)) return 'foreign'
  const sum = WRITTEN_SUM.exec(text)?.[1]
  if (sum === undefined) return 'edited'
  return sum === sumOf(text.replace(WRITTEN_SUM, `sum ${SUM}`)) ? 'ours' : 'edited'
}

/** The runtime and the script that a file of ours starts; null where none can be read. */
export function programsIn(text: string): readonly string[] | null {
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1]
  const list = /<array>([^]*?)<\/array>/.exec(text)?.[1] ?? ''
  const words =
    line === undefined
      ? [...list.matchAll(/<string>(.*)<\/string>/g)].map(([, word = '']) => plainXml(word))
      : [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => plainUnit(word))
  const files = words.filter((word) => path.isAbsolute(word))
  return files.length === 0 ? null : files
}

/** The PATH that a file of ours brings; empty where none can be read. */
export function searchedIn(text: string): string {
  const unit = /^Environment="PATH=((?:[^"\\]|\\.)*)"$/m.exec(text)?.[1]
  const agent = /<key>PATH<\/key>\s*<string>(.*)<\/string>/.exec(text)?.[1] ?? ''
  return unit === undefined ? plainXml(agent) : plainUnit(unit)
}

const MARK = 'Written by `skein service install`'
const SUM = '__sum__'
const WRITTEN_SUM = /sum ([0-9a-f]{16})/

function sumOf(text: string): string {
  return digestOf(text).slice(0, 16)
}

function unitText({ self, folder, home, searched }: ServiceFacts): string {
  return template('service/skein.service', {
    program: commandOf(self),
    folder: quoteUnit(`HOME=${folder}`),
    home: quoteUnit(`SKEIN_HOME=${home}`),
    path: quoteUnit(`PATH=${searched}`),
    // A path and nothing else: no quotes are read here.
    variables: path.join(home, 'service.env').replaceAll('%', '%%'),
  })
}

/** The first word is the program itself: systemd reads it without variables, and takes no quotes in it. */
function commandOf([program = '', ...words]: readonly string[]): string {
  const plain = (word: string): string => quoteUnit(word.replaceAll('$', '$$$$'))
  const isTaken = !/["'\\]/.test(program)
  const start = isTaken ? [quoteUnit(program)] : [quoteUnit('/usr/bin/env'), plain(program)]
  return [...start, ...words.map(plain)].join(' ')
}

function agentText({ self, folder, home, searched }: ServiceFacts): string {
  const words = [...self, 'up', '--quiet', '--detached']
  return template('service/dev.skein.daemon.plist', {
    words: words.map((word) => `    <string>${escapeXml(word)}</string>`).join('\n'),
    folder: escapeXml(folder),
    home: escapeXml(home),
    path: escapeXml(searched),
    errors: escapeXml(errorsFile(home)),
  })
}

/** Where launchd puts what a daemon says that cannot start. */
export function errorsFile(home: string): string {
  return path.join(home, 'logs', 'service.err')
}

function systemdFolder(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'] ?? ''
  return path.join(config === '' ? path.join(homeOf(env), '.config') : config, 'systemd', 'user')
}

/** One word of a unit file, without specifiers. */
function quoteUnit(word: string): string {
  const escaped = word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('\n', '\\n')
  return `"${escaped}"`
}

function plainUnit(word: string): string {
  const text = word.replaceAll('\\n', '\n').replace(/\\([\\"])/g, '$1')
  return text.replaceAll('%%', '%').replaceAll('$$', '$')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function plainXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
