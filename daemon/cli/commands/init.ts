// `skein init`: a repository takes part, and so do the harnesses in it. .skein.yml is written once and never touched again.
import path from 'node:path'
import { isRepoId, SkeinError, type OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { CheckoutFacts, LocalCommand, Machine } from '../machine.ts'
import { callerFields, requireCwd } from '../operation-input.ts'
import { pageOn } from '../output/page.ts'
import { renderResult } from '../output/faces.ts'
import { clean, count } from '../output/text.ts'
import type { WiringPlan } from '../setup.ts'
import { call } from './operation.ts'
import { startService } from './service.ts'
import { problemText } from './service-tell.ts'
import { asJson, carryOut, exitOf, remarks, showDiff, toolsOf } from './wire.ts'

export const run: LocalCommand = async (command, io, machine) => {
  const tools = toolsOf(command)
  const { root, repo } = await findCheckout(command, io, machine)
  const wiring = await machine.loadWiring()
  const { service, trust, dry_run: isDry, json, quiet } = command.fields
  const plan = await wiring.plan({
    act: 'init',
    folder: root,
    repo,
    tools,
    service: service === true,
    all: false,
    self: io.self,
  })
  if (isDry === true) return showDiff(plan, command, io)
  const isQuiet = json === true || quiet === true
  if (!isQuiet && requireCwd(io) !== root) {
    io.stderr.write(`The repository begins at ${root}: all of it is wired there.\n`)
  }
  await carryOut(plan, wiring, command, io)
  const isServed = service === true ? await serve(plan, command, io, machine) : true
  if (trust === true) {
    const trusted = await wiring.trustCodex(root)
    if (!isQuiet) io.stdout.write(`Your Codex trusts ${count(trusted, 'hook')} of this folder.\n`)
  }
  const enrolled = await enrol(root, command, io)
  if (json === true) {
    io.stdout.write(`${JSON.stringify({ ...asJson(plan, true), ...enrolled }, null, 2)}\n`)
  } else if (quiet !== true) tell(plan, enrolled, io)
  return isServed ? exitOf(plan) : 1
}

/** Its file is written with the others. @returns false where something is left for a person to do. */
async function serve(
  plan: WiringPlan,
  { fields }: Command,
  io: Io,
  machine: Machine,
): Promise<boolean> {
  const service = await machine.loadService()
  if (service === null || plan.problems.some(({ shown }) => shown === service.file)) return true
  const isNew = plan.changes.some(({ file }) => file === service.file)
  const { said, problem } = await startService(service, isNew, io, machine)
  const isQuiet = fields['json'] === true || fields['quiet'] === true
  if (!isQuiet) io.stdout.write(said.map((line) => `${clean(line)}\n`).join(''))
  if (problem !== null) io.stderr.write(problemText(problem, io))
  return problem === null
}

async function findCheckout(command: Command, io: Io, machine: Machine): Promise<CheckoutFacts> {
  const given = command.fields['repo']
  if (typeof given === 'string' && !isRepoId(given)) {
    throw new SkeinError('INPUT_USAGE', `\`${given}\` is no id of a repository.`, {
      hint: 'skein init --repo owner/name',
    })
  }
  const named = typeof given === 'string' ? given : null
  const checkout = await machine.checkoutAt(requireCwd(io), named)
  if (checkout !== null) return checkout
  throw new SkeinError('REPO_NOT_GIT', 'You are not inside a git repository.', {
    data: { cwd: io.cwd },
  })
}

/** Null where no daemon runs: the first use enrols, and the files are what counts. */
async function enrol(
  root: string,
  command: Command,
  io: Io,
): Promise<OperationResult<'enrol'> | null> {
  const input = { ...callerFields(command, io), cwd: root }
  try {
    return (await call('enrol', input, command, io)) as OperationResult<'enrol'>
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'DAEMON_DOWN') return null
    throw error
  }
}

function tell(plan: WiringPlan, enrolled: OperationResult<'enrol'> | null, io: Io): void {
  const page = pageOn(io.stdout, io)
  const { paint } = page
  const say = (text: string): void => {
    io.stdout.write(`${text}\n`)
  }
  if (enrolled !== null) say(renderResult('enrol', enrolled, page).trimEnd())
  else say('No daemon runs yet: it enrols the repository when it is started here.')
  io.stdout.write(remarks(plan, page))
  if (plan.tools.length === 0) {
    say('No harness was found here; to wire one: skein init --tool claude|codex|cursor|all')
  }
  const tracked = plan.changes.map(({ shown }) => shown).filter(isTracked)
  say(paint('strong', 'Next:'))
  if (enrolled === null) say(`  skein up --background`)
  if (tracked.length > 0) {
    say(`  git add ${tracked.join(' ')} && git commit -m 'Enrol in skein'`)
    say(paint('quiet', '  Whoever pulls it and runs skein takes part from then on.'))
  }
  say(`  skein doctor${plan.tools.length > 0 ? ' --canary' : ''}`)
}

/** What everybody is to have: in the checkout, and not for one person alone. */
function isTracked(shown: string): boolean {
  return !path.isAbsolute(shown) && !shown.endsWith('.local.json')
}
