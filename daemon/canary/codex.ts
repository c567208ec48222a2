// Codex, made to write to a file that somebody else holds: by a patch, then through the shell. It runs in a home of its
// own, with what its user trusts and nothing else: hooks that nobody has trusted are skipped there as they are in real life.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parse, stringify } from 'smol-toml'
import { CLIENT_MS_MAX, clientEnvironment, inFolder, runClient } from './client.ts'
import { asObject, startModel, type Step } from './model.ts'
import { OPENAI } from './openai.ts'
import type { Attempt, Trial } from './trial.ts'

export async function tryCodex(program: string, trial: Trial): Promise<readonly Attempt[]> {
  const { file, held, root, env, home, signal } = trial
  const name = path.basename(file)
  const patch = `*** Begin Patch\n*** Update File: ${name}\n@@\n-${held}\n+by a patch\n*** End Patch`
  const shell = (cmd: string) => ({ name: 'exec_command', input: { cmd, yield_time_ms: 10_000 } })
  const steps: readonly Step[] = [
    {
      id: 'call_edit',
      tool: (offered) =>
        offered.includes('apply_patch')
          ? { name: 'apply_patch', input: patch }
          : shell(`apply_patch <<'EOF'\n${patch}\nEOF`),
    },
    { id: 'call_shell', tool: () => shell(`echo 'through the shell' >> ${name}`) },
  ]
  const model = await startModel(steps, OPENAI)
  try {
    const run = await inFolder((folder) => {
      const codexHome = path.join(folder, 'codex')
      mkdirSync(codexHome)
      writeFileSync(path.join(codexHome, 'config.toml'), settings(model.url, trustOf(env)))
      const own = clientEnvironment(env, {
        HOME: folder,
        CODEX_HOME: codexHome,
        SKEIN_HOME: home,
        CANARY_KEY: 'canary',
      })
      const words = ['exec', '--json', '--sandbox', 'workspace-write', '--skip-git-repo-check']
      const options = { cwd: root, env: own, millisecondsMax: CLIENT_MS_MAX, signal }
      return runClient(program, [...words, 'canary'], options)
    })
    return [
      { way: 'edit', step: 'call_edit' },
      { way: 'shell', step: 'call_shell' },
    ].map(({ way, step }) => ({ way, told: model.results.get(step)?.text ?? null, run }))
  } finally {
    await model.close()
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Where this user's Codex keeps its settings. */
export function codexHome(env: Environment): string {
  const given = env['CODEX_HOME'] ?? ''
  return given === '' ? path.join(env['HOME'] ?? os.homedir(), '.codex') : given
}

/** Which projects and hooks its user trusts, and whether hooks run at all; no key, no account. */
export function trustOf(env: Environment): Readonly<Record<string, unknown>> {
  try {
    const text = readFileSync(path.join(codexHome(env), 'config.toml'), 'utf8')
    const { projects, hooks, features } = parse(text)
    const { state } = asObject(hooks)
    const { hooks: hooksFeature } = asObject(features)
    return {
      ...(projects === undefined ? {} : { projects }),
      ...(state === undefined ? {} : { hooks: { state } }),
      ...(hooksFeature === undefined ? {} : { features: { hooks: hooksFeature } }),
    }
  } catch {
    // No settings, or none that Codex could read: nothing is trusted.
    return {}
  }
}

function settings(url: string, trust: Readonly<Record<string, unknown>>): string {
  const provider = {
    name: 'canary',
    base_url: `${url}/v1`,
    wire_api: 'responses',
    env_key: 'CANARY_KEY',
  }
  return stringify({
    model: MODEL,
    model_provider: 'canary',
    approval_policy: 'never',
    ...trust,
    model_providers: { canary: provider },
  })
}

/** A name whose tools Codex knows: the patch tool is among them. */
const MODEL = 'gpt-5-codex'
