// Claude Code, made to write to a file that somebody else holds: by its edit tool, then through the shell.
import { CLIENT_MS_MAX, clientEnvironment, inFolder, runClient } from './client.ts'
import { ANTHROPIC } from './anthropic.ts'
import { startModel, type Step } from './model.ts'
import type { Attempt, Trial } from './trial.ts'

export async function tryClaude(program: string, trial: Trial): Promise<readonly Attempt[]> {
  const { file, held, root, env, home, signal } = trial
  const steps: readonly Step[] = [
    // Claude Code edits only what it has read.
    { id: 'toolu_read', tool: () => ({ name: 'Read', input: { file_path: file } }) },
    {
      id: 'toolu_edit',
      tool: () => ({
        name: 'Edit',
        input: { file_path: file, old_string: held, new_string: 'by the edit tool' },
      }),
    },
    {
      id: 'toolu_shell',
      tool: () => ({
        name: 'Bash',
        input: { command: `echo 'through the shell' >> ${file}`, description: 'canary' },
      }),
    },
  ]
  const model = await startModel(steps, ANTHROPIC)
  try {
    const run = await inFolder((folder) => {
      const own = clientEnvironment(env, {
        HOME: folder,
        SKEIN_HOME: home,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'canary',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // As root it refuses to accept edits by itself otherwise.
        ...(process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
      })
      const words = ['-p', 'canary', '--output-format', 'stream-json', '--verbose']
      const mode = ['--permission-mode', 'bypassPermissions']
      const options = { cwd: root, env: own, millisecondsMax: CLIENT_MS_MAX, signal }
      return runClient(program, [...words, ...mode], options)
    })
    return [
      { way: 'edit', step: 'toolu_edit' },
      { way: 'shell', step: 'toolu_shell' },
    ].map(({ way, step }) => ({ way, told: model.results.get(step)?.text ?? null, run }))
  } finally {
    await model.close()
  }
}
