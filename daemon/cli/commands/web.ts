// `skein web`: asks the daemon for a link into its board, prints it, and hands it to the browser. Typing it at a terminal is the
// person's word: nothing is changed by it, and the page asks before each act.
import { spawn } from 'node:child_process'
import type { OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import { buildInput } from '../operation-input.ts'
import { pageOn } from '../output/page.ts'
import { webFace } from '../output/web.ts'
import { call } from './operation.ts'

export async function runWeb(command: Command, io: Io): Promise<number> {
  const { no_open: isPrinted, ...fields } = command.fields
  const input = buildInput('web', { ...command, fields }, io)
  const result = (await call('web', input, command, io)) as OperationResult<'web'>
  const { json, quiet } = command.fields
  if (json === true) io.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else if (quiet === true) io.stdout.write(result.url === null ? '' : `${result.url}\n`)
  else io.stdout.write(webFace(result, pageOn(io.stdout, io)).join('\n') + '\n')
  const isForBrowser = json !== true && quiet !== true && isPrinted !== true && io.canAsk
  if (result.url !== null && isForBrowser) await open(result.url, io)
  return 0
}

/** The address is a word of its own, and no shell reads it. That there is no browser here is no failure: the address is printed. */
function open(url: string, io: Io): Promise<void> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
  return new Promise((resolve) => {
    const child = spawn(program, [url], { stdio: 'ignore', detached: true })
    child.once('error', () => {
      io.stderr.write('No browser could be started here: open the address yourself.\n')
      resolve()
    })
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}
