// `skein recover`: shows what would be lost and what would be kept, asks, and waits until this machine is back where it began
// anew.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import { untilStatus } from '../arrival.ts'
import { confirmAct } from '../confirm.ts'
import type { Io } from '../io.ts'
import { buildInput, type OperationInput } from '../operation-input.ts'
import { renderQuiet, renderResult } from '../output/faces.ts'
import { pageOn } from '../output/page.ts'
import { call } from './operation.ts'

type Recovered = OperationResult<'recover'>

export async function runRecover(command: Command, io: Io): Promise<number> {
  const built = buildInput('recover', command, io)
  const isMeant = built['dry_run'] !== true && built['accept_loss'] === true
  const input = isMeant ? await confirmAct(built, () => show(built, command, io), io) : built
  const result = (await call('recover', input, command, io)) as Recovered
  if (result.done && result.what === 'mesh') await arrive(result, command, io)
  const { json, quiet } = command.fields
  const page = pageOn(io.stdout, io)
  if (json === true) io.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else io.stdout.write(quiet === true ? renderQuiet(result) : renderResult('recover', result, page))
  return 0
}

async function show(input: OperationInput, command: Command, io: Io): Promise<string> {
  const planned = await call('recover', { ...input, dry_run: true }, command, io)
  return renderResult('recover', planned, pageOn(io.stderr, io))
}

/** The daemon starts again on its way into a mesh of its own. */
function arrive({ mesh }: Recovered, command: Command, io: Io): Promise<void> {
  return untilStatus(
    (status) => status.mesh.id !== mesh && status.ready,
    'this machine is on its way into a mesh of its own, and does not answer yet',
    command,
    io,
  )
}
