// `skein uninstall`: a repository without what init wrote. The daemon, its ledger and its claims are not touched.
import type { LocalCommand } from '../machine.ts'
import { requireCwd } from '../operation-input.ts'
import { pageOn } from '../output/page.ts'
import { TOOLS } from '../setup.ts'
import { asJson, carryOut, exitOf, remarks, showDiff, toolsOf } from './wire.ts'

export const run: LocalCommand = async (command, io, machine) => {
  const tools = toolsOf(command)
  const wiring = await machine.loadWiring()
  const { all, service, dry_run: isDry, json, quiet } = command.fields
  const plan = await wiring.plan({
    act: 'uninstall',
    folder: requireCwd(io),
    repo: null,
    tools: tools?.length === TOOLS.length ? null : tools,
    service: service === true,
    all: all === true,
    self: io.self,
  })
  if (isDry === true) return showDiff(plan, command, io)
  await carryOut(plan, wiring, command, io)
  if (json === true) io.stdout.write(`${JSON.stringify(asJson(plan, true), null, 2)}\n`)
  else if (quiet !== true) {
    const page = pageOn(io.stdout, io)
    io.stdout.write(remarks(plan, page))
    if (all !== true) io.stdout.write('.skein.yml stays; --all removes it too.\n')
  }
  return exitOf(plan)
}
