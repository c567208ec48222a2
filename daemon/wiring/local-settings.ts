// Claude Code's settings for one person alone: where it can refuse an edit that nothing has judged, and hooks over HTTP beside
// the command where git is sure to leave the file out, since the pass of those hooks stands in it.
import path from 'node:path'
import type { FileChange } from '../cli/setup.ts'
import { homePath } from '../client/place.ts'
import type { Checkout } from '../git.ts'
import type { GitConfig } from '../git-config.ts'
import { expectedPort, hookUrl } from '../http-hooks/address.ts'
import { findPass, makePass, passFile, passId } from '../http-hooks/passes.ts'
import { proofsFolder } from '../http-hooks/proofs.ts'
import { takesOnFailure } from './claude-version.ts'
import { lookAt, textOf } from './target.ts'
import { HASH, removeBlock, setBlock } from './text/block.ts'
import { HTTP_SETTINGS, LOCAL_SETTINGS, type Asset } from './tools.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Surroundings {
  readonly checkout: Checkout
  readonly config: Pick<GitConfig, 'isTracked' | 'isIgnored' | 'isKept'>
  readonly env: Environment
}

export interface LocalPlan {
  /** Null where nothing is written for one person alone. */
  readonly asset: Asset | null
  /** What has to be there before it. */
  readonly changes: readonly FileChange[]
  readonly notes: readonly string[]
}

const NOTHING: LocalPlan = { asset: null, changes: [], notes: [] }
const FILE = LOCAL_SETTINGS.file

export async function planLocalSettings(around: Surroundings): Promise<LocalPlan> {
  const { checkout, config, env } = around
  if (!(await takesOnFailure(env))) return NOTHING
  if (await config.isTracked(checkout, FILE)) {
    const note = `${FILE} is tracked, so nothing that is for you alone is written to it.`
    return { ...NOTHING, notes: [note] }
  }
  const hidden = await planHiding(around)
  if (hidden === null) {
    const note = `git would not leave out ${FILE}, so no pass is written to it: each hook is a process.`
    return { asset: LOCAL_SETTINGS, changes: [], notes: [note] }
  }
  const home = homePath(env)
  const pass = planPass(home, checkout)
  const values = {
    url: hookUrl(expectedPort(home, env)),
    pass: pass.text,
    proofs: JSON.stringify(proofsFolder(home, passId(checkout.root))).slice(1, -1),
  }
  return { asset: { ...HTTP_SETTINGS, values }, changes: [...hidden, ...pass.changes], notes: [] }
}

/** The pass ends with its file, and the rule that hid the settings goes with them. */
export function planPassRemoval(checkout: Checkout, env: Environment): readonly FileChange[] {
  const file = passFile(homePath(env), checkout.root)
  const target = lookAt(path.dirname(file), file)
  const pass: readonly FileChange[] =
    target.kind === 'file'
      ? [{ file, shown: file, before: target.bytes, after: null, mode: target.mode, what: 'pass' }]
      : []
  const rules = lookAt(checkout.commonDir, excludeFile(checkout))
  const text = rules.kind === 'file' ? textOf(rules.bytes) : null
  const removed = text === null ? null : removeBlock(text)
  if (rules.kind !== 'file' || removed === null || 'problem' in removed || removed.text === text)
    return pass
  return [...pass, changeOfRules(checkout, rules.bytes, removed.text, rules.mode)]
}

/** What makes git leave the file out; null where that cannot be. */
async function planHiding({
  checkout,
  config,
}: Surroundings): Promise<readonly FileChange[] | null> {
  if (await config.isKept(checkout, FILE)) return null
  const target = lookAt(checkout.commonDir, excludeFile(checkout))
  const isUsable = target.kind === 'file' || target.kind === 'absent'
  const text = target.kind === 'file' ? textOf(target.bytes) : ''
  // The tracked .gitignore may be another one tomorrow; these rules are the clone's own.
  const set = isUsable && text !== null ? setBlock(text, `/${FILE}\n`, HASH) : null
  if (set === null || 'problem' in set) return (await config.isIgnored(checkout, FILE)) ? [] : null
  if (set.text === text) return []
  const [before, mode] = target.kind === 'file' ? [target.bytes, target.mode] : [null, 0o644]
  return [changeOfRules(checkout, before, set.text, mode)]
}

function changeOfRules(
  checkout: Checkout,
  before: Uint8Array | null,
  after: string,
  mode: number,
): FileChange {
  const file = excludeFile(checkout)
  const what = "git leaves out people's own settings"
  return { file, shown: file, before, after: Buffer.from(after), mode, what }
}

function excludeFile({ commonDir }: Checkout): string {
  return path.join(commonDir, 'info', 'exclude')
}

/** The one that the settings show already, where the home knows it; else a new one. */
function planPass(
  home: string,
  { root }: Checkout,
): { readonly text: string; readonly changes: readonly FileChange[] } {
  const settings = lookAt(root, path.join(root, FILE))
  const shown = settings.kind === 'file' ? PASS.exec(settings.bytes.toString('utf8')) : null
  if (shown !== null && findPass(home, shown[0])?.root === root)
    return { text: shown[0], changes: [] }
  const { text, kept } = makePass(root)
  const file = passFile(home, root)
  const target = lookAt(path.dirname(file), file)
  const before = target.kind === 'file' ? target.bytes : null
  const what = 'the pass of your hooks, as a hash'
  const change = { file, shown: file, before, after: Buffer.from(kept), mode: 0o600, what }
  return { text, changes: [change] }
}

const PASS = /skein_h_[0-9a-f]{16}_[0-9a-f]{64}/
