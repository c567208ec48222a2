// Cursor has no program that runs without its editor: recorded payloads of its hooks are fed to the commands that are
// installed for it, as its editor would.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { clientEnvironment, runClient } from './client.ts'
import { asList, asObject } from './model.ts'
import type { Attempt, Trial } from './trial.ts'

const HOOK_MS_MAX = 30_000

/** Null where no hook of ours is installed. */
export async function replayCursor(trial: Trial): Promise<readonly Attempt[] | null> {
  const { file, root, env, home, signal } = trial
  const payloads = [
    { way: 'edit', event: 'preToolUse', fields: writePayload(file) },
    { way: 'shell', event: 'beforeShellExecution', fields: shellPayload(file, root) },
  ]
  const commands = payloads.map(({ event }) => commandFor(root, event))
  if (commands.every((command) => command === null)) return null
  return Promise.all(
    payloads.map(async ({ way, event, fields }, i) => {
      const stdin = JSON.stringify({ ...common(root), hook_event_name: event, ...fields })
      const options = {
        cwd: root,
        env: clientEnvironment(env, { SKEIN_HOME: home }),
        millisecondsMax: HOOK_MS_MAX,
        signal,
        stdin,
      }
      const run = await runClient('sh', ['-c', commands[i] ?? 'true'], options)
      return { way, told: isDenial(run.exit, run.said) ? run.said : null, run }
    }),
  )
}

/** As its documentation has it: exit 2, or `permission` in the answer. */
function isDenial(exit: number | null, said: string): boolean {
  return exit === 2 || /"permission"\s*:\s*"(?:deny|ask)"/.test(said)
}

function commandFor(root: string, event: string): string | null {
  try {
    const file = path.join(root, '.cursor', 'hooks.json')
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown
    const entries = asList(asObject(asObject(value)['hooks'])[event])
    const commands = entries.map((entry) => asObject(entry)['command'])
    const ours = commands.find((command) => /\bskein guard\b/.test(String(command)))
    return typeof ours === 'string' ? ours : null
  } catch {
    return null
  }
}

function common(root: string): object {
  return {
    conversation_id: 'skein-canary',
    generation_id: 'skein-canary',
    model: 'canary',
    cursor_version: '2.0.0',
    workspace_roots: [root],
  }
}

function writePayload(file: string): object {
  const input = { file_path: file, contents: 'by the edit tool\n' }
  return { tool_name: 'Write', tool_input: input, tool_use_id: 'skein-canary' }
}

function shellPayload(file: string, root: string): object {
  return { command: `echo 'through the shell' >> ${file}`, cwd: root }
}
