// What init, upgrade and uninstall would do to a checkout: a list of whole files, before and after. Nothing is written here.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import {
  TOOLS,
  type FileChange,
  type SettingChange,
  type Tool,
  type WiringOrder,
  type WiringPlan,
  type WiringProblem,
} from '../cli/setup.ts'
import { planFencing, planUnfencing, readFencing } from '../fence/wiring.ts'
import type { Checkout } from '../git.ts'
import type { GitConfig } from '../git-config.ts'
import { createUserGit } from '../git-user.ts'
import { findProgram } from '../path-programs.ts'
import { isWired, unwire, wire } from './asset.ts'
import { usesLfs } from './lfs.ts'
import { findHooks, planHooks } from './git-hooks.ts'
import { planLocalSettings, planPassRemoval } from './local-settings.ts'
import { originalOf, readMemory, type Memory } from './record.ts'
import { planService } from './service.ts'
import { lookAt, textOf } from './target.ts'
import { template } from './templates.ts'
import { COMMON_ASSETS, HTTP_SETTINGS, TOOL_ASSETS, isUsed, type Asset } from './tools.ts'

export interface PlanSurroundings {
  readonly checkout: Checkout
  readonly config: GitConfig
  readonly env: Readonly<Record<string, string | undefined>>
}

interface Draft {
  readonly changes: FileChange[]
  readonly problems: WiringProblem[]
  readonly notes: string[]
}

export async function makePlan(order: WiringOrder, around: PlanSurroundings): Promise<WiringPlan> {
  const { checkout, env } = around
  const draft: Draft = { changes: [], problems: [], notes: [] }
  const tools = order.tools ?? toolsFor(order, around)
  if (order.act === 'uninstall') planRemovals(draft, tools, around, order.all)
  else {
    if (order.repo !== null) planRepoFile(draft, checkout, order.repo)
    for (const asset of assetsFor(tools)) planAsset(draft, asset, checkout)
    if (tools.includes('claude')) await planLocal(draft, around)
  }
  const hooks = await findHooks(checkout, around.config)
  // A removal for some harnesses leaves the others their checks.
  if (order.act !== 'uninstall' || order.tools === null) add(draft, planHooks(hooks, order.act))
  if (order.service) add(draft, await planService(order, env))
  const settings = await planPushes(order, around, draft)
  return { act: order.act, root: checkout.root, tools, ...draft, settings }
}

/** Sends this clone's pushes through the helper, where git would find it; without it, each push would fail. */
async function planPushes(
  order: WiringOrder,
  { checkout, env }: PlanSurroundings,
  draft: Draft,
): Promise<readonly SettingChange[]> {
  const git = createUserGit(checkout.root, env)
  if (order.act === 'uninstall') {
    const changes = order.tools === null ? await planUnfencing(git) : []
    return changes.map((words) => ({ words, what: 'pushes go past skein again' }))
  }
  const remotes = await readFencing(git)
  if (order.act === 'upgrade' && !remotes.some(({ isFenced }) => isFenced)) return []
  if (remotes.length > 0 && (await usesLfs(git))) {
    draft.notes.push('pushes are not fenced: git-lfs cannot upload through the helper.')
    const changes = await planUnfencing(git)
    return changes.map((words) => ({ words, what: 'pushes go past skein again' }))
  }
  const changes = await planFencing(git)
  if (changes.length === 0) return []
  if (findProgram(HELPER, env) === null) {
    draft.notes.push(
      `pushes are not fenced: git finds no \`${HELPER}\` on the PATH. Put it beside \`skein\`, then: skein init`,
    )
    return []
  }
  return changes.map((words) => ({ words, what: 'fences pushes' }))
}

const HELPER = 'git-remote-skein'

/** Those that are used here; of an upgrade and a removal, those that are wired. */
function toolsFor(order: WiringOrder, { checkout, env }: PlanSurroundings): readonly Tool[] {
  if (order.act === 'init') return TOOLS.filter((tool) => isUsed(tool, checkout.root, env))
  if (order.act === 'uninstall') return TOOLS
  return TOOLS.filter((tool) =>
    TOOL_ASSETS[tool].some((asset) => {
      const target = lookAt(checkout.root, path.join(checkout.root, asset.file))
      return target.kind === 'file' && isWired(asset, target.bytes.toString('utf8'))
    }),
  )
}

function assetsFor(tools: readonly Tool[]): readonly Asset[] {
  return tools.length === 0 ? [] : [...COMMON_ASSETS, ...tools.flatMap((tool) => TOOL_ASSETS[tool])]
}

/** Last, so that the settings never show a pass that the home does not know yet. */
async function planLocal(draft: Draft, around: PlanSurroundings): Promise<void> {
  const { asset, changes, notes } = await planLocalSettings(around)
  draft.notes.push(...notes)
  if (asset === null) return
  draft.changes.push(...changes)
  planAsset(draft, asset, around.checkout)
}

function planRepoFile(draft: Draft, { root }: Checkout, repo: string): void {
  const file = path.join(root, '.skein.yml')
  const target = lookAt(root, file)
  if (target.kind === 'file') return
  const shown = '.skein.yml'
  if (target.kind !== 'absent') {
    draft.problems.push(leftAlone(shown, target, 'Make it a plain file.'))
    return
  }
  const id = PLAIN_ID.test(repo) ? repo : JSON.stringify(repo)
  const after = Buffer.from(template('skein.yml', { repo: id }))
  draft.changes.push({
    file,
    shown,
    before: null,
    after,
    mode: 0o644,
    what: 'enrols this repository',
  })
}

/** Ids that YAML reads as they stand. */
const PLAIN_ID = /^[A-Za-z_][\w.-]*(?:\/[\w.-]+)+$/

function planAsset(draft: Draft, asset: Asset, { root }: Checkout): void {
  const file = path.join(root, asset.file)
  const target = lookAt(root, file)
  const shown = asset.file
  if (target.kind === 'link' && isTwin(asset, target.at, root)) return
  if (target.kind === 'link' || target.kind === 'unusable') {
    draft.problems.push(leftAlone(shown, target, 'Put a plain file there, then: skein init'))
    return
  }
  const before = target.kind === 'file' ? target.bytes : null
  const text = before === null ? null : textOf(before)
  const edited = before !== null && text === null ? { problem: 'is not UTF-8' } : wire(asset, text)
  if ('problem' in edited) {
    draft.problems.push({ shown, problem: edited.problem, hint: 'Correct it, then: skein init' })
    return
  }
  const kept = target.kind === 'file' ? target.mode : 0o644
  const mode = asset.isSecret === true ? SECRET_MODE : kept
  if (edited.text === text && mode === kept) return
  draft.changes.push({
    file,
    shown,
    before,
    after: Buffer.from(edited.text),
    mode,
    what: asset.what,
  })
}

const SECRET_MODE = 0o600

/** `CLAUDE.md` as a link to `AGENTS.md` reads it already. */
function isTwin(asset: Asset, at: string, root: string): boolean {
  if (asset.kind !== 'import' || at !== path.join(root, asset.file)) return false
  return realOf(at) === path.join(root, 'AGENTS.md')
}

function realOf(file: string): string | null {
  try {
    return realpathSync.native(file)
  } catch {
    return null
  }
}

function planRemovals(
  draft: Draft,
  tools: readonly Tool[],
  { checkout, env }: PlanSurroundings,
  all: boolean,
): void {
  const memory = readMemory(checkout)
  const isWhole = tools.length === TOOLS.length
  const local = tools.includes('claude') ? [HTTP_SETTINGS] : []
  const assets = [...tools.flatMap((tool) => TOOL_ASSETS[tool]), ...local]
  for (const asset of isWhole ? [...COMMON_ASSETS, ...assets] : assets) {
    planRemoval(draft, asset, checkout, memory)
  }
  if (local.length > 0) draft.changes.push(...planPassRemoval(checkout, env))
  if (!all) return
  const file = path.join(checkout.root, '.skein.yml')
  const target = lookAt(checkout.root, file)
  if (target.kind !== 'file') return
  const { bytes: before, mode } = target
  draft.changes.push({
    file,
    shown: '.skein.yml',
    before,
    after: null,
    mode,
    what: 'enrols no more',
  })
}

function planRemoval(draft: Draft, asset: Asset, { root }: Checkout, memory: Memory): void {
  const file = path.join(root, asset.file)
  const shown = asset.file
  const target = lookAt(root, file)
  if (target.kind !== 'file') return
  const known = originalOf(memory, shown, target.bytes)
  const { bytes: before, mode } = target
  if (known !== null) {
    const after = known.before === null ? null : Buffer.from(known.before, 'base64')
    draft.changes.push({ file, shown, before, after, mode, what: 'as it was before' })
    return
  }
  const text = textOf(before)
  const edited = text === null ? { problem: 'is not UTF-8' } : unwire(asset, text)
  if ('problem' in edited) {
    draft.problems.push({ shown, problem: edited.problem, hint: 'Take what is ours out by hand.' })
  } else if (edited.text !== text) {
    const after = edited.text === null ? null : Buffer.from(edited.text)
    draft.changes.push({ file, shown, before, after, mode, what: 'without skein' })
  }
}

function leftAlone(
  shown: string,
  target: Exclude<ReturnType<typeof lookAt>, { readonly kind: 'absent' | 'file' }>,
  hint: string,
): WiringProblem {
  const problem = target.kind === 'link' ? `is behind a symbolic link (${target.at})` : target.why
  return { shown, problem, hint }
}

function add(
  draft: Draft,
  more: Partial<Pick<WiringPlan, 'changes' | 'problems' | 'notes'>>,
): void {
  draft.changes.push(...(more.changes ?? []))
  draft.problems.push(...(more.problems ?? []))
  draft.notes.push(...(more.notes ?? []))
}
