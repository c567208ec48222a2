#!/usr/bin/env node
// A worker in small that talks MCP, as a harness does: its arguments are the bridge's words, its task is calls of tools, one JSON
// object a line: {"tool", "arguments"}. It prints what each answers, and commits.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const [command, ...args] = process.argv.slice(2)
const client = new Client({ name: 'worker', version: '1' })
await client.connect(new StdioClientTransport({ command, args, env: { ...process.env } }))
const { tools } = await client.listTools()
console.log(`tools: ${tools.map(({ name }) => name).join(' ')}`)
const bytes = Buffer.byteLength(JSON.stringify(tools))
console.log(`tokens: ${String(bytes / 4)}`)
for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (!line.startsWith('{')) continue
  const { tool, arguments: given } = JSON.parse(line)
  const { content } = await client.callTool({ name: tool, arguments: given })
  console.log(`${tool}: ${content.map(({ text }) => text).join(' ')}`)
}
writeFileSync('work.txt', 'work\n')
execFileSync('git', ['add', 'work.txt'])
execFileSync('git', ['commit', '-q', '-m', 'work'])
await client.close()
