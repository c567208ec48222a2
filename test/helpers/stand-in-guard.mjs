#!/usr/bin/env node
// A `skein` for tests of the canary alone: its `guard` refuses whatever names a canary's file that somebody holds, as the
// daemon's own list of claims has it, and everything else is the real program. With STAND_IN_GUARD=open it lets all pass.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const words = process.argv.slice(2)
const program = process.env['STAND_IN_PROGRAM'] ?? ''
const isHook = words[0] === 'guard' || words[0] === 'hook'
if (!isHook) {
  const { status } = spawnSync(process.execPath, [program, ...words], { stdio: 'inherit' })
  process.exit(status ?? 1)
}
const payload = readFileSync(0, 'utf8')
const file = /skein-canary-[0-9a-f]+(?:\.\w+)?/.exec(payload)?.[0]
const reads = /"tool_name":\s*"Read"/.test(payload)
if (
  words[0] === 'guard' &&
  file !== undefined &&
  !reads &&
  process.env['STAND_IN_GUARD'] !== 'open'
) {
  const told = execFileSync(process.execPath, [program, 'claims', '--json'], { encoding: 'utf8' })
  const claim = JSON.parse(told).claims.find(({ pattern }) => pattern === file)
  if (claim !== undefined) {
    process.stderr.write(`${file} is held by ${claim.agent}\n`)
    process.exitCode = 2
  }
}
