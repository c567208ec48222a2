// `skein test` and `skein merge`: runs of the daemon, followed until they have ended. What they say on the way goes to stderr, the answer
// to stdout. `skein trust`: what would run is shown before the question, and only that is approved.
import { exitOfResult, type OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import { confirmAct, isPersonAct } from '../confirm.ts'
import type { Io } from '../io.ts'
import { buildInput, type OperationInput } from '../operation-input.ts'
import { renderQuiet, renderResult } from '../output/faces.ts'
import { pageOn } from '../output/page.ts'
import { clean } from '../output/text.ts'
import { call } from './operation.ts'

export type LandingVerb = 'test' | 'merge' | 'trust'

/** A call asks the daemon to wait so long for more. */
const WAIT_SECONDS = 20

export async function runLanding(name: LandingVerb, command: Command, io: Io): Promise<number> {
  const built = buildInput(name, command, io)
  const input =
    name === 'trust' ? await confirmTrust(built, command, io) : await confirmed(name, built, io)
  const result =
    name === 'trust' ? await call(name, input, command, io) : await follow(name, input, command, io)
  const { json, quiet } = command.fields
  const page = pageOn(io.stdout, io, {})
  if (json === true) io.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else io.stdout.write(quiet === true ? renderQuiet(result) : renderResult(name, result, page))
  return exitOfResult(name, result)
}

async function confirmed(
  name: LandingVerb,
  input: OperationInput,
  io: Io,
): Promise<OperationInput> {
  if (!isPersonAct(name, input)) return input
  const ids = Array.isArray(input['ids']) ? input['ids'].join(', ') : 'nothing'
  return confirmAct(input, () => Promise.resolve(`Not to land, for good: ${ids}.\n`), io)
}

async function follow(
  name: 'test' | 'merge',
  input: OperationInput,
  command: Command,
  io: Io,
): Promise<OperationResult<'test' | 'merge'>> {
  const isLoud = command.fields['json'] !== true && command.fields['quiet'] !== true
  let asked = input
  for (;;) {
    const told = (await call(
      name,
      { ...asked, wait_s: WAIT_SECONDS },
      command,
      io,
    )) as OperationResult<'test' | 'merge'>
    if (isLoud && told.text !== '') io.stderr.write(told.text.split('\n').map(clean).join('\n'))
    if (told.ended) return told
    asked = { ...input, run: told.run, since: told.next }
  }
}

/** What was shown is what is approved: it may change while somebody reads. */
async function confirmTrust(
  input: OperationInput,
  command: Command,
  io: Io,
): Promise<OperationInput> {
  if (!isPersonAct('trust', input)) return input
  const { yes: _, revoke: __, ...rest } = input
  const shown = (await call(
    'trust',
    { ...rest, show: true },
    command,
    io,
  )) as OperationResult<'trust'>
  const text = renderResult('trust', shown, pageOn(io.stderr, io, {}))
  const { hash } = shown
  return confirmAct({ ...input, hash }, () => Promise.resolve(text), io)
}
