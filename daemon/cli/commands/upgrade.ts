// `skein upgrade`: what init wrote, as this version writes it. The program itself is npm's to upgrade.
import type { LocalCommand } from '../machine.ts'
import { requireCwd } from '../operation-input.ts'
import { pageOn } from '../output/page.ts'
import { asJson, carryOut, exitOf, remarks, showDiff } from './wire.ts'

export const run: LocalCommand = async (command, io, machine) => {
  const wiring = await machine.loadWiring()
  const plan = await wiring.plan({
    act: 'upgrade',
    folder: requireCwd(io),
    repo: null,
    tools: null,
    service: false,
    all: false,
    self: io.self,
  })
  const { dry_run: isDry, json, quiet } = command.fields
  if (isDry === true) return showDiff(plan, command, io)
  await carryOut(plan, wiring, command, io)
  if (json === true) io.stdout.write(`${JSON.stringify(asJson(plan, true), null, 2)}\n`)
  else if (quiet !== true) io.stdout.write(remarks(plan, pageOn(io.stdout, io)))
  return exitOf(plan)
}
