// The manager of this user's services on Linux.
import { rmSync } from 'node:fs'
import os from 'node:os'
import type { ManagerState, Switched } from '../cli/user-service.ts'
import type { Manager } from './manager.ts'
import type { Run } from './run.ts'
import { enabledLink, UNIT } from './unit.ts'

const RELOAD = ['systemctl', '--user', 'daemon-reload']
const ENABLE = ['systemctl', '--user', 'enable', UNIT]
const ENABLE_NOW = ['systemctl', '--user', 'enable', '--now', UNIT]
/** One that failed too often is not started again until that is forgotten. */
const RESET = ['systemctl', '--user', 'reset-failed', UNIT]
const DISABLE = ['systemctl', '--user', 'disable', '--now', UNIT]
const LINGER = ['loginctl', '--no-ask-password', 'enable-linger']

export function createSystemd(
  run: Run,
  env: Readonly<Record<string, string | undefined>>,
): Manager {
  return {
    look: () => look(run),
    turnOn: (_file, isNew) => turnOn(run, isNew),
    async turnOff() {
      return outcome([await attempt(run, DISABLE)], ['The service is off.'])
    },
    async forget() {
      // Where no manager answered, the link that enabling made is still there.
      rmSync(enabledLink(env), { force: true })
      await run(RELOAD)
    },
    byHand: (_file, act) => {
      const commands = act === 'install' ? [RELOAD, ENABLE_NOW] : [DISABLE]
      return commands.map((words) => words.join(' '))
    },
  }
}

async function look(run: Run): Promise<ManagerState | null> {
  const asked = 'UnitFileState,ActiveState,MainPID'
  const shown = await run(['systemctl', '--user', 'show', UNIT, `--property=${asked}`])
  if (!shown.isDone) return null
  const { UnitFileState, ActiveState, MainPID } = propertiesIn(shown.stdout)
  const pid = Number(MainPID ?? '0')
  return {
    isEnabled: UnitFileState === 'enabled',
    isActive: ActiveState === 'active',
    pid: pid > 0 ? pid : null,
    lingers: await lingers(run),
  }
}

async function lingers(run: Run): Promise<boolean | null> {
  const user = userName()
  const shown = await run(['loginctl', 'show-user', user, '--property=Linger'])
  const word = propertiesIn(shown.stdout)['Linger']
  return shown.isDone && word !== undefined ? word === 'yes' : null
}

async function turnOn(run: Run, isNew: boolean): Promise<Switched> {
  const steps = [await attempt(run, RELOAD), await attempt(run, ENABLE)]
  await run(RESET)
  steps.push(await attempt(run, ['systemctl', '--user', isNew ? 'restart' : 'start', UNIT]))
  const switched = outcome(steps, ['The service is on, and starts at each login.'])
  if (switched.problem !== null) return switched
  return { said: [...switched.said, await keepWithoutLogin(run)], problem: null }
}

/** Without it the manager ends with the last session of its user, and every worker with it. */
async function keepWithoutLogin(run: Run): Promise<string> {
  if ((await lingers(run)) === true) return 'It goes on without a login: lingering is on.'
  const { isDone, why } = await run(LINGER)
  if (isDone) return 'It goes on without a login: lingering was turned on for you.'
  const told = why === '' ? '' : ` (${why})`
  return `It ends with your last session: lingering could not be turned on${told}. For a machine that works alone: sudo loginctl enable-linger ${userName()}`
}

interface Step {
  readonly words: readonly string[]
  readonly why: string | null
}

async function attempt(run: Run, words: readonly string[]): Promise<Step> {
  const { isDone, why } = await run(words)
  return { words, why: isDone ? null : why }
}

function outcome(steps: readonly Step[], said: readonly string[]): Switched {
  const failed = steps.find(({ why }) => why !== null)
  if (failed === undefined) return { said, problem: null }
  const says = `\`${failed.words.join(' ')}\` failed: ${failed.why ?? ''}`
  return { said: [], problem: { says, hint: `journalctl --user --unit ${UNIT} --lines 20` } }
}

function propertiesIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    }),
  )
}

function userName(): string {
  try {
    return os.userInfo().username
  } catch {
    // A user without an entry, as in some containers.
    return String(process.getuid?.() ?? 0)
  }
}
