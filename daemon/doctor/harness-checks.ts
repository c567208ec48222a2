// Whether each harness is wired: its files as this version writes them, and nothing in its settings that turns hooks off.
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { codexHome, trustOf } from '../canary/codex.ts'
import { asObject } from '../canary/model.ts'
import { TOOLS, type Check, type Tool } from '../cli/setup.ts'
import { isWired, wire } from '../wiring/asset.ts'
import { lookAt, textOf } from '../wiring/target.ts'
import { COMMON_ASSETS, TOOL_ASSETS, isUsed, type Asset } from '../wiring/tools.ts'
import { fail, ok, warn } from './check.ts'

type Environment = Readonly<Record<string, string | undefined>>

export function checkHarnesses(root: string, env: Environment): readonly Check[] {
  const used = TOOLS.filter((tool) => isWiredHere(tool, root) || isUsed(tool, root, env))
  if (used.length === 0) {
    return [
      warn('harness', 'none is used or wired here', 'skein init --tool claude|codex|cursor|all'),
    ]
  }
  const common = COMMON_ASSETS.map((asset) => checkAsset(asset, 'agents', root))
  return [...common, ...used.flatMap((tool) => checkTool(tool, root, env))]
}

function checkTool(tool: Tool, root: string, env: Environment): readonly Check[] {
  if (!isWiredHere(tool, root)) {
    return [warn(tool, 'is used here, and not wired', `skein init --tool ${tool}`)]
  }
  const assets = TOOL_ASSETS[tool].map((asset) => checkAsset(asset, tool, root))
  const more = { claude: claudeSwitches, codex: codexSwitches, cursor: () => [] }[tool](root, env)
  return [...assets, ...more]
}

function isWiredHere(tool: Tool, root: string): boolean {
  return TOOL_ASSETS[tool].some((asset) => {
    const target = lookAt(root, path.join(root, asset.file))
    return target.kind === 'file' && isWired(asset, target.bytes.toString('utf8'))
  })
}

function checkAsset(asset: Asset, owner: string, root: string): Check {
  const name = `${owner} ${asset.file}`
  const target = lookAt(root, path.join(root, asset.file))
  const init = owner === 'agents' ? 'skein init' : `skein init --tool ${owner}`
  // Words to agents help; registrations and hooks are what everything rests on.
  const bad = asset.kind === 'json' || asset.kind === 'toml' ? fail : warn
  if (target.kind === 'absent') return bad(name, 'is not there', init)
  if (target.kind === 'link') return warn(name, 'is behind a symbolic link', init)
  const text = target.kind === 'file' ? textOf(target.bytes) : null
  if (text === null) return fail(name, 'cannot be read', init)
  const wired = wire(asset, text)
  if ('problem' in wired) return fail(name, wired.problem, `Correct it, then: ${init}`)
  if (wired.text === text) return ok(name, asset.what)
  return isWired(asset, text)
    ? warn(name, 'is of another version', 'skein upgrade')
    : bad(name, 'has nothing of skein in it', init)
}

/** All the places where hooks of Claude Code can be turned off. */
function claudeSwitches(root: string, env: Environment): readonly Check[] {
  const home = env['HOME'] ?? os.homedir()
  const own = env['CLAUDE_CONFIG_DIR'] ?? path.join(home, '.claude')
  const managed =
    process.platform === 'darwin' ? '/Library/Application Support/ClaudeCode' : '/etc/claude-code'
  const files = [
    path.join(root, '.claude', 'settings.json'),
    path.join(root, '.claude', 'settings.local.json'),
    path.join(own, 'settings.json'),
    path.join(managed, 'managed-settings.json'),
  ]
  const found = files.flatMap((file) => {
    const { disableAllHooks, allowManagedHooksOnly } = asObject(readJson(file))
    const keys = Object.entries({ disableAllHooks, allowManagedHooksOnly })
    return keys
      .filter(([, value]) => value === true)
      .map(([key]) =>
        fail('claude hooks', `${key} is set in ${file}`, `Take ${key} out of ${file}.`),
      )
  })
  return found.length > 0 ? found : [ok('claude hooks', 'nothing turns them off')]
}

/** Codex loads the settings of trusted folders only, and of their hooks only those that were reviewed. */
function codexSwitches(root: string, env: Environment): readonly Check[] {
  const trust = trustOf(env)
  const file = path.join(codexHome(env), 'config.toml')
  if (asObject(trust['features'])['hooks'] === false) {
    return [fail('codex hooks', `features.hooks is false in ${file}`, `Take it out of ${file}.`)]
  }
  const review = 'start codex here and review them with /hooks, or: skein init --tool codex --trust'
  const { trust_level: level } = asObject(asObject(trust['projects'])[root])
  if (level !== 'trusted')
    return [warn('codex hooks', 'you have not trusted this folder in Codex', review)]
  const keys = Object.keys(asObject(asObject(trust['hooks'])['state']))
  const ours = path.join(root, '.codex', 'hooks.json')
  const isReviewed = keys.some((key) => key.startsWith(`${ours}:pre_tool_use:`))
  return isReviewed
    ? [ok('codex hooks', 'reviewed; whether the review still fits shows --canary')]
    : [warn('codex hooks', 'you have not reviewed them, so Codex skips them', review)]
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch {
    return null
  }
}
