// What helps somebody else to find a fault, in one JSON file: findings, versions, settings, the end of the log. Masked: no
// token, no key, no address with a password, and nobody's name for their home folder.
import { closeSync, openSync, readFileSync, readSync, fstatSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { Check, Patient } from '../cli/setup.ts'
import { codeOf } from '../home.ts'

const LOG_BYTES_MAX = 256 * 1024

/** @throws SkeinError FORBIDDEN; a file that is there is never overwritten. */
export function writeBundle(file: string, patient: Patient, checks: readonly Check[]): void {
  const { home, version, status } = patient
  const bundle = {
    skein: version,
    node: process.versions.node,
    system: `${process.platform} ${process.arch} ${os.release()}`,
    checks,
    status,
    config: textIfThere(path.join(home, 'config.yml')),
    log: tailOf(path.join(home, 'logs', 'daemon.ndjson')).split('\n'),
  }
  try {
    const text = mask(JSON.stringify(bundle, null, 2), home)
    writeFileSync(file, `${text}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const code = codeOf(cause) ?? 'unknown'
    throw new SkeinError('FORBIDDEN', `${file} cannot be written (${code}).`, {
      cause,
      hint: 'Name a file that does not exist yet.',
    })
  }
}

/** Secrets by their form, wherever they stand; and whatever the home's own secret files hold. */
export function mask(text: string, home: string): string {
  const own = ['token', 'identity.key', 'network.key']
    .map((name) => textIfThere(path.join(home, name))?.trim() ?? '')
    .filter((secret) => secret.length >= 8)
  const known = own.reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
  const masked = SECRETS.reduce((masked, secret) => masked.replace(secret, `$1${MASK}`), known)
  const folder = os.homedir()
  return folder.length > 1 ? masked.replaceAll(folder, '~') : masked
}

const MASK = '[masked]'

const SECRETS: readonly RegExp[] = [
  /()\bskein_(?:a_|h_[0-9a-f]{16}_)?[0-9a-f]{16,}/g,
  /()\binv_?[A-Za-z0-9_-]{40,}/g,
  /(:\/\/[^\s/@:"\\]*:)[^\s/@"\\]+(?=@)/g,
  /((?:authorization|bearer|password|secret|token|api_?key|private_?key)\b[\\"']*\s*[:=]?\s*[\\"']*(?:bearer\s+)?)[A-Za-z0-9+/_.=-]{8,}/gi,
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g,
]

function textIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function tailOf(file: string): string {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const { size } = fstatSync(descriptor)
      const start = Math.max(0, size - LOG_BYTES_MAX)
      const bytes = Buffer.alloc(size - start)
      return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, start))
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ''
  }
}
