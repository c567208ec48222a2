#!/usr/bin/env node
// An agent that does what its task says, line by line, and speaks as `claude -p --output-format stream-json --verbose` does. The lines
// stand in the prompt behind `DO:`, or in the description of its task in a plan file of its worktree.
//   write FILE WORDS   adds a line to the file and commits it       status WORDS   says a STATUS: line
//   once FAULT         the first time only: fail, hang, empty, red  ask WORDS      STUCK, until somebody has answered
//   same N WORDS       runs one command N times                     turns N        so many turns without a commit
//   say WORDS          a line of text                               noise          lines that are no events
//   leave FILE         a file that it does not commit               exit N         ends at once, with this code
// A review it approves, unless reject.txt is in the tree. AGENT_MARKS names a folder in which it remembers what it did once.
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const prompt = readFileSync(0, 'utf8')
const task = process.env.SKEIN_TASK ?? ''
const marks = process.env.AGENT_MARKS ?? ''
const session = `s-${process.pid}`
let turns = 0

if (/Bring the two together/.test(prompt)) mergeMain()
emit({ type: 'system', subtype: 'init', session_id: session, model: modelOf(process.argv) })
if (task.startsWith('review-')) review()
for (const line of lines()) {
  const [verb = '', ...words] = line.trim().split(/\s+/)
  await act(verb, words)
}
end('success', 0)

function lines() {
  const told = [...prompt.matchAll(/^[\s>]*DO: (.*)$/gm)].map(([, line]) => line)
  return told.length > 0 ? told : planned().split('\n')
}

/** What the plan says of the task. */
function planned() {
  const folder = ['context', 'plans', 'plan'].find((name) => existsSync(name)) ?? '.'
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const text = readFileSync(path.join(folder, name), 'utf8')
    const found = (JSON.parse(text).tasks ?? []).find(({ id }) => id === task)
    if (found?.description !== undefined) return found.description
  }
  return ''
}

async function act(verb, words) {
  const text = words.join(' ')
  switch (verb) {
    case 'write':
      return write(words[0], words.slice(1).join(' '))
    case 'status':
      return say(`STATUS: ${text} → next → confidence: high`)
    case 'say':
      return say(text)
    case 'ask':
      if (/answer|guidance/i.test(prompt)) return
      say(`STUCK: ${text}`)
      return end('success', 0)
    case 'same':
      for (let at = 0; at < Number(words[0]); at++) run(words.slice(1).join(' '))
      return
    case 'turns':
      for (let at = 0; at < Number(words[0]); at++) say(`thinking ${String(at)}`)
      return
    case 'noise':
      process.stdout.write('{"type": \nno event at all\n{"type":"assistant","message":7}\n[]\n')
      return
    case 'once':
      return once(words[0])
    case 'leave':
      return writeFileSync(words[0], 'not committed\n')
    case 'exit':
      return end('error_during_execution', Number(words[0]))
    default:
  }
}

async function once(fault) {
  const mark = path.join(marks, `${task}-${fault}`)
  const isFirst = !existsSync(mark)
  if (fault === 'red') {
    const file = 'red.txt'
    if (isFirst) write(file, task)
    else if (existsSync(file)) removeLine(file, task)
  }
  if (!isFirst) return
  mkdirSync(marks, { recursive: true })
  writeFileSync(mark, '')
  if (fault === 'fail') end('error_during_execution', 1)
  if (fault === 'empty') end('success', 0)
  if (fault === 'hang') await delay(2 ** 31 - 1)
}

function review() {
  const isBad = existsSync('reject.txt')
  say(
    [
      `REVIEW_VERDICT: ${isBad ? 'request-changes' : 'approve'}`,
      ...['REVIEW_BODY:', 'Blocking findings:', isBad ? '- reject.txt: it is there' : 'None'],
      ...['Non-blocking concerns:', 'None', 'Nits:', 'None', 'END_REVIEW'],
    ].join('\n'),
  )
  end('success', 0)
}

/** Both sides of what conflicts. */
function mergeMain() {
  const attributes = path.join(marks, 'union')
  mkdirSync(marks, { recursive: true })
  writeFileSync(attributes, '* merge=union\n')
  execFileSync('git', ['fetch', '--quiet', 'origin', 'main'], { stdio: 'pipe' })
  const settings = ['-c', `core.attributesFile=${attributes}`]
  execFileSync('git', [...settings, 'merge', '--quiet', '--no-edit', 'FETCH_HEAD'], {
    stdio: 'pipe',
  })
}

function removeLine(file, line) {
  const rest = readFileSync(file, 'utf8')
    .split('\n')
    .filter((one) => one !== line)
  writeFileSync(file, rest.join('\n'))
  commit(file)
}

function write(file, text) {
  // An attempt before this one may have.
  if (existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(text)) return
  use('Edit', { file_path: file })
  mkdirSync(path.dirname(file), { recursive: true })
  appendFileSync(file, `${text}\n`)
  commit(file)
}

function commit(file) {
  use('Bash', { command: `git commit -m ${task}` })
  execFileSync('git', ['add', '--', file])
  execFileSync('git', ['commit', '--quiet', '--message', `${task}: ${file}`], { stdio: 'pipe' })
}

function run(command) {
  use('Bash', { command })
}

function say(text) {
  assistant([{ type: 'text', text }])
}

function use(name, input) {
  assistant([{ type: 'tool_use', id: `t${String(turns)}`, name, input }])
}

function assistant(content) {
  turns++
  emit({ type: 'assistant', session_id: session, message: { role: 'assistant', content } })
}

function end(subtype, code) {
  const cost = Number(process.env.AGENT_COST ?? '0.25')
  emit({
    ...{ type: 'result', subtype, is_error: code !== 0, session_id: session },
    ...{ num_turns: turns, total_cost_usd: cost, permission_denials: [], duration_ms: 1 },
  })
  process.exit(code)
}

function modelOf(words) {
  const at = words.indexOf('--model')
  return at < 0 ? 'scripted' : (words[at + 1] ?? 'scripted')
}

function emit(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
