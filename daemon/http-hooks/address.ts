// Where hooks find the port. It may be another one after a restart, so the daemon notes its own in the home, for whoever wires a
// checkout next, and corrects the settings that it finds with another. Until then such hooks reach nobody who knows their session,
// and the command beside them judges.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { DEFAULT_HTTP_PORT, loadConfig } from '../config.ts'
import { replaceFile } from '../home.ts'
import type { Log } from '../log.ts'
import { applyChange } from '../wiring/apply.ts'
import { lookAt, textOf } from '../wiring/target.ts'
import { listPasses, type Pass } from './passes.ts'

export const SETTINGS_FILE = '.claude/settings.local.json'
const URL = /http:\/\/127\.0\.0\.1:(\d{1,5})\/hooks\/claude\b/g
const PORT_FILE = 'http-port'

export function hookUrl(port: number): string {
  return `http://127.0.0.1:${String(port)}/hooks/claude`
}

/** The port that the last daemon of this home had, else the one that the next will try first. */
export function expectedPort(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): number {
  const noted = notedPort(home)
  if (noted !== null) return noted
  const { http_port: wanted } = loadConfig({ home, env })
  return wanted === 0 ? DEFAULT_HTTP_PORT : wanted
}

/** The ports that a checkout's own settings name; empty where no hook of ours goes over HTTP. */
export function portsIn(text: string): readonly number[] {
  return [...text.matchAll(URL)].map(([, port]) => Number(port))
}

/** Notes this daemon's port, and corrects the hooks of every checkout that has a pass. */
export function tellPort(home: string, port: number, log: Pick<Log, 'info' | 'warn'>): void {
  try {
    if (notedPort(home) !== port) replaceFile(path.join(home, PORT_FILE), `${String(port)}\n`)
    for (const pass of listPasses(home)) correct(pass, port, log)
  } catch (error) {
    log.warn({ error: String(error) }, 'hooks over HTTP could not be told the port')
  }
}

function correct({ id, root }: Pass, port: number, log: Pick<Log, 'info' | 'warn'>): void {
  const file = path.join(root, SETTINGS_FILE)
  const target = lookAt(root, file)
  const text = target.kind === 'file' ? textOf(target.bytes) : null
  if (target.kind !== 'file' || text?.includes(`skein_h_${id}_`) !== true) return
  const after = text.replace(URL, hookUrl(port))
  if (after === text) return
  try {
    const { bytes: before, mode } = target
    applyChange({
      ...{ file, shown: file, before, mode, what: 'hooks' },
      after: Buffer.from(after),
    })
    log.info({ file, port }, 'hooks over HTTP were told the new port')
  } catch (error) {
    log.warn({ file, error: String(error) }, 'hooks over HTTP could not be told the port')
  }
}

function notedPort(home: string): number | null {
  try {
    const port = Number(readFileSync(path.join(home, PORT_FILE), 'utf8'))
    return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : null
  } catch {
    return null
  }
}
