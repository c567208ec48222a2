// Whether Claude Code's hooks over HTTP come to this daemon: the port, the pass, and that nobody else can read it.
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { asList, asObject } from '../canary/model.ts'
import type { Check } from '../cli/setup.ts'
import type { Checkout } from '../git.ts'
import type { GitConfig } from '../git-config.ts'
import { hookUrl, portsIn, SETTINGS_FILE } from '../http-hooks/address.ts'
import { findPass } from '../http-hooks/passes.ts'
import { lookAt } from '../wiring/target.ts'
import { fail, ok, warn } from './check.ts'

export interface HttpHooksPatient {
  readonly checkout: Checkout
  readonly config: Pick<GitConfig, 'isIgnored'>
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the daemon answers; null while none runs. */
  readonly http: string | null
}

const NAME = 'claude http hooks'
const COSTS = 'until then each hook is a process'

/** Empty where no hook goes over HTTP. */
export async function checkHttpHooks(patient: HttpHooksPatient): Promise<readonly Check[]> {
  const { checkout, config, home, http } = patient
  const target = lookAt(checkout.root, path.join(checkout.root, SETTINGS_FILE))
  const text = target.kind === 'file' ? target.bytes.toString('utf8') : ''
  const [port] = portsIn(text)
  if (target.kind !== 'file' || port === undefined) return []
  if ((target.mode & 0o077) !== 0)
    return [fail(NAME, `others can read ${SETTINGS_FILE}`, `chmod 600 ${SETTINGS_FILE}`)]
  if (!(await config.isIgnored(checkout, SETTINGS_FILE)))
    return [fail(NAME, `git does not leave out ${SETTINGS_FILE}`, 'skein init --tool claude')]
  const pass = /skein_h_[0-9a-f_]+/.exec(text)?.[0] ?? ''
  if (findPass(home, pass)?.root !== checkout.root)
    return [warn(NAME, `their pass is not of this home: ${COSTS}`, 'skein init --tool claude')]
  const url = hookUrl(port)
  const shut = settingsFiles(patient).find((file) => shutsOut(file, url))
  if (shut !== undefined) {
    const says = `allowedHttpHookUrls in ${shut} shuts them out: ${COSTS}`
    return [warn(NAME, says, `Add ${url} there.`)]
  }
  if (http !== null && !url.startsWith(`${http}/`))
    return [warn(NAME, `go to port ${String(port)}, not to ${http}: ${COSTS}`, 'skein upgrade')]
  return [ok(NAME, `go to port ${String(port)}`)]
}

function settingsFiles({ checkout: { root }, env }: HttpHooksPatient): readonly string[] {
  const own = env['CLAUDE_CONFIG_DIR'] ?? path.join(env['HOME'] ?? os.homedir(), '.claude')
  const managed =
    process.platform === 'darwin' ? '/Library/Application Support/ClaudeCode' : '/etc/claude-code'
  return [
    path.join(root, '.claude', 'settings.json'),
    path.join(root, SETTINGS_FILE),
    path.join(own, 'settings.json'),
    path.join(managed, 'managed-settings.json'),
  ]
}

/** A list that is there allows what it names and nothing else; `*` stands for anything. */
function shutsOut(file: string, url: string): boolean {
  try {
    const { allowedHttpHookUrls: list } = asObject(JSON.parse(readFileSync(file, 'utf8')))
    if (!Array.isArray(list)) return false
    return !asList(list).some((pattern) => {
      const parts = String(pattern)
        .split('*')
        .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      return new RegExp(`^${parts.join('.*')}$`).test(url)
    })
  } catch {
    return false
  }
}
