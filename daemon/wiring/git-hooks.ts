// Git's hooks: files of ours beside those of others. A hook that is there is kept, with its mode, in before-skein/ and
// called first. Where the hooks belong to the repository, to another program or to all of this user's repositories, nothing
// is written: then somebody else has to add a line.
import path from 'node:path'
import { realpathSync } from 'node:fs'
import type { FileChange, WiringProblem } from '../cli/setup.ts'
import { relativeInside } from '../folders.ts'
import type { Checkout } from '../git.ts'
import type { GitConfig } from '../git-config.ts'
import { lookAt } from './target.ts'
import { template } from './templates.ts'

/** Which git gives something on stdin. */
const HOOKS = { 'pre-commit': false, 'pre-push': true, 'prepare-commit-msg': false } as const

export type HookName = keyof typeof HOOKS
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[]

const KEPT_FOLDER = 'before-skein'
const OURS = /^# Written by `skein init`\./m
const CALLS = (hook: HookName): RegExp => new RegExp(`\\bskein hook ${hook}\\b`)

export interface HooksPlace {
  readonly folder: string
  /** Whose it is, where that is not this clone alone. */
  readonly foreign: string | null
}

export interface HookPlan {
  readonly changes: readonly FileChange[]
  readonly problems: readonly WiringProblem[]
  readonly notes: readonly string[]
}

export async function findHooks(checkout: Checkout, config: GitConfig): Promise<HooksPlace> {
  const setting = (await config.settings(checkout, '^core\\.hookspath$')).at(-1)
  const own = path.join(checkout.commonDir, 'hooks')
  if (setting === undefined || setting.value === '') return placeOf(own, checkout, null)
  const given = setting.value.replace(/^~(?=\/)/, process.env['HOME'] ?? '~')
  const folder = path.resolve(checkout.root, given)
  const isForAll = setting.scope === 'global' || setting.scope === 'system'
  const all = 'core.hooksPath is set for all of your repositories'
  return placeOf(folder, checkout, isForAll ? all : null)
}

/** What git would run for a hook, and whether that comes to skein. */
export function stateOfHook(
  place: HooksPlace,
  hook: HookName,
): 'ours' | 'outdated' | 'calls-us' | 'not-executable' | 'foreign' | 'absent' {
  const target = lookAt(path.dirname(place.folder), path.join(place.folder, hook))
  if (target.kind !== 'file') return target.kind === 'absent' ? 'absent' : 'foreign'
  const text = target.bytes.toString('utf8')
  if ((target.mode & 0o100) === 0) return 'not-executable'
  if (OURS.test(text)) return text === hookText(hook) ? 'ours' : 'outdated'
  return callsUs(place, hook, text) ? 'calls-us' : 'foreign'
}

export function planHooks(place: HooksPlace, act: 'init' | 'upgrade' | 'uninstall'): HookPlan {
  const plans = HOOK_NAMES.map((hook) =>
    act === 'uninstall' ? planRemoval(place, hook) : planHook(place, hook),
  )
  return {
    changes: plans.flatMap(({ changes }) => changes),
    problems: plans.flatMap(({ problems }) => problems),
    notes: plans.flatMap(({ notes }) => notes),
  }
}

function planHook(place: HooksPlace, hook: HookName): HookPlan {
  const file = path.join(place.folder, hook)
  const target = lookAt(place.folder, file)
  if (target.kind === 'file') {
    const text = target.bytes.toString('utf8')
    if (!OURS.test(text) && callsUs(place, hook, text)) return NOTHING
  }
  const byHand = `${hook}: add the line \`${lineOf(hook)}\` to it yourself`
  if (place.foreign !== null) {
    const note = `${place.foreign}, so its hooks are left alone; to have commits and pushes checked, add to its ${hook}: ${lineOf(hook)}`
    return { ...NOTHING, notes: [note] }
  }
  if (target.kind === 'link' || target.kind === 'unusable') {
    const problem = target.kind === 'link' ? 'is a symbolic link' : target.why
    return { ...NOTHING, problems: [{ shown: file, problem, hint: byHand }] }
  }
  const after = Buffer.from(hookText(hook))
  const before = target.kind === 'file' ? target.bytes : null
  const change = { file, shown: file, before, after, mode: 0o755, what: 'git hook' }
  if (before === null || OURS.test(before.toString('utf8'))) {
    const isSame =
      before?.equals(after) === true && target.kind === 'file' && (target.mode & 0o111) !== 0
    return isSame ? NOTHING : { ...NOTHING, changes: [change] }
  }
  const mode = target.kind === 'file' ? target.mode : 0o755
  return { ...NOTHING, changes: [...keep(place, hook, before, mode), change] }
}

/** A copy, so that at no moment there is no hook. */
function keep(
  place: HooksPlace,
  hook: HookName,
  bytes: Buffer,
  mode: number,
): readonly FileChange[] {
  const file = path.join(place.folder, KEPT_FOLDER, hook)
  const target = lookAt(place.folder, file)
  const before = target.kind === 'file' ? target.bytes : null
  if (before?.equals(bytes) === true) return []
  return [
    { file, shown: file, before, after: bytes, mode, what: `your ${hook}, kept and called first` },
  ]
}

function planRemoval(place: HooksPlace, hook: HookName): HookPlan {
  if (place.foreign !== null) return NOTHING
  const file = path.join(place.folder, hook)
  const target = lookAt(place.folder, file)
  if (target.kind !== 'file' || !OURS.test(target.bytes.toString('utf8'))) return NOTHING
  const keptFile = path.join(place.folder, KEPT_FOLDER, hook)
  const kept = lookAt(place.folder, keptFile)
  const original = kept.kind === 'file' ? kept : null
  const change: FileChange = {
    file,
    shown: file,
    before: target.bytes,
    after: original?.bytes ?? null,
    mode: original?.mode ?? 0o755,
    what: original === null ? 'git hook' : `your ${hook}, put back`,
  }
  if (original === null) return { ...NOTHING, changes: [change] }
  const gone = {
    ...change,
    file: keptFile,
    shown: keptFile,
    before: original.bytes,
    after: null,
    what: 'its copy',
  }
  return { ...NOTHING, changes: [change, gone] }
}

const NOTHING: HookPlan = { changes: [], problems: [], notes: [] }

function placeOf(folder: string, checkout: Checkout, foreign: string | null): HooksPlace {
  const real = realOf(folder)
  if (foreign !== null) return { folder: real, foreign }
  const isInCheckout =
    relativeInside(checkout.root, real) !== null &&
    relativeInside(checkout.commonDir, real) === null
  const why = `Git's hooks lie in ${path.relative(checkout.root, real)}, which belongs to the repository`
  return { folder: real, foreign: isInCheckout ? why : null }
}

/** husky's folder holds wrappers that it writes anew; people's own hooks stand one level above. */
function callsUs(place: HooksPlace, hook: HookName, text: string): boolean {
  if (CALLS(hook).test(text)) return true
  if (path.basename(place.folder) !== '_') return false
  const above = path.dirname(place.folder)
  const target = lookAt(above, path.join(above, hook))
  return target.kind === 'file' && CALLS(hook).test(target.bytes.toString('utf8'))
}

function hookText(hook: HookName): string {
  return template(HOOKS[hook] ? 'git-hooks/with-input.sh' : 'git-hooks/plain.sh', { hook })
}

function lineOf(hook: HookName): string {
  return `skein hook ${hook}${hook === 'pre-commit' ? '' : ' "$@"'}`
}

function realOf(folder: string): string {
  try {
    return realpathSync.native(folder)
  } catch {
    // git init with an empty template makes none.
    return folder
  }
}
