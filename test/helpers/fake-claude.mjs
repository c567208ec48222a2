#!/usr/bin/env node
// A harness in small that talks like Claude Code: asks the model, runs the project's PreToolUse hooks, and does what the
// model wants where they let it. FAKE_CLAUDE=no-hooks never runs them, =broken ends at once.
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'

if (process.argv.includes('--version')) {
  process.stdout.write('2.1.197 (Claude Code)\n')
  process.exit(0)
}
const mode = process.env['FAKE_CLAUDE'] ?? ''
if (mode === 'broken') {
  process.stderr.write('not logged in\n')
  process.exit(1)
}
const settings = '.claude/settings.json'
const hooks = existsSync(settings) ? (JSON.parse(readFileSync(settings, 'utf8')).hooks ?? {}) : {}
const messages = [{ role: 'user', content: process.argv[3] }]
for (;;) {
  const body = JSON.stringify({ tools: [{ name: 'Edit' }, { name: 'Bash' }], messages })
  const url = `${process.env['ANTHROPIC_BASE_URL']}/v1/messages`
  const answer = await (await fetch(url, { method: 'POST', body })).text()
  const events = [...answer.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data))
  const start = events.find(({ type }) => type === 'content_block_start').content_block
  if (start.type !== 'tool_use') break
  const delta = events.find(({ type }) => type === 'content_block_delta').delta
  const input = JSON.parse(delta.partial_json)
  const content = refusal(start.name, input) ?? act(start.name, input)
  messages.push({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: start.id, content }],
  })
}

function refusal(tool_name, tool_input) {
  if (mode === 'no-hooks') return null
  const input = JSON.stringify({ hook_event_name: 'PreToolUse', tool_name, tool_input })
  for (const { matcher, hooks: handlers } of hooks.PreToolUse ?? []) {
    if (!new RegExp(`^(?:${matcher})$`).test(tool_name)) continue
    for (const { command } of handlers) {
      const { status, stderr } = spawnSync('sh', ['-c', command], { input, encoding: 'utf8' })
      if (status === 2) return stderr
    }
  }
  return null
}

function act(name, { file_path, old_string, new_string, command }) {
  if (name === 'Bash') return execFileSync('sh', ['-c', command], { encoding: 'utf8' })
  const text = readFileSync(file_path, 'utf8')
  if (name === 'Edit') writeFileSync(file_path, text.replace(old_string, new_string))
  else appendFileSync(file_path, '')
  return 'done'
}
