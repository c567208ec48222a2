// `skein join`: shows what comes along, asks on a terminal, and waits until this machine has arrived in the other mesh.
import { INVITATION_PREFIX, SkeinError, type OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import { untilStatus } from '../arrival.ts'
import { ask } from '../confirm.ts'
import type { Io } from '../io.ts'
import { buildInput, callerFields } from '../operation-input.ts'
import { renderQuiet, renderResult } from '../output/faces.ts'
import { pageOn } from '../output/page.ts'
import { count } from '../output/text.ts'
import { call } from './operation.ts'

const TOKEN_CHARACTERS_MAX = 4_096

export async function runJoin(command: Command, io: Io): Promise<number> {
  const isFromStdin = command.fields['token'] === '-'
  const token = isFromStdin ? tokenIn(await readAll(io)) : String(command.fields['token'])
  const input = { ...buildInput('join', command, io), token: token.trim() }
  if (io.canAsk && !isFromStdin && command.fields['yes'] !== true) await confirm(command, io)
  const result = (await call('join', input, command, io)) as OperationResult<'join'>
  await arrive(result, command, io)
  const page = pageOn(io.stdout, io)
  const { json, quiet } = command.fields
  if (json === true) io.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else io.stdout.write(quiet === true ? renderQuiet(result) : renderResult('join', result, page))
  return 0
}

async function confirm(command: Command, io: Io): Promise<void> {
  const status = (await call(
    'status',
    callerFields(command, io),
    command,
    io,
  )) as OperationResult<'status'>
  const claims = status.repos.reduce((sum, repo) => sum + repo.claims, 0)
  io.stderr.write(
    [
      `This machine gives up its own mesh. It carries along ${count(status.repos.length, 'repository')} with ${count(claims, 'live claim')};`,
      'each claim is settled in the other mesh, and whoever loses one is told. The old ledgers are kept aside.',
      '',
    ].join('\n'),
  )
  if (await ask('Go on?', io)) return
  throw new SkeinError('INTERRUPTED', 'Not confirmed; nothing was changed.', {
    hint: 'Run it again when you are sure.',
  })
}

/** The daemon is back, and knows itself as a member. */
function arrive({ mesh }: OperationResult<'join'>, command: Command, io: Io): Promise<void> {
  return untilStatus(
    (status) => status.mesh.id === mesh && status.mesh.members > 1 && status.ready,
    'this machine was let in, and its new mesh does not answer it yet',
    command,
    io,
  )
}

/** With the lines that `skein invite` prints around it, or without. */
function tokenIn(text: string): string {
  const token = text.split(/\s+/).find((word) => word.startsWith(INVITATION_PREFIX)) ?? text.trim()
  if (token !== '') return token
  throw new SkeinError(
    'INPUT_USAGE',
    'Nothing came on stdin, where `join -` reads the invitation.',
    {
      hint: 'On a member: skein invite. Here: skein join TOKEN',
    },
  )
}

async function readAll(io: Io): Promise<string> {
  let text = ''
  for await (const chunk of io.stdin) {
    text += String(chunk)
    if (text.length > TOKEN_CHARACTERS_MAX) break
  }
  return text
}
