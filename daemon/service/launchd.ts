// The manager of this user's services on macOS. A session on the screen has a domain of its own; a machine that is reached by ssh alone
// has that of the user.
import { setTimeout as delay } from 'node:timers/promises'
import type { ManagerState, Switched } from '../cli/user-service.ts'
import type { Manager } from './manager.ts'
import type { Run } from './run.ts'
import { LABEL } from './unit.ts'

/** The daemon ends within 30 s, or is ended. */
const GONE_MS_MAX = 35_000
const POLL_MS = 100

export function createLaunchd(run: Run, user: number): Manager {
  return {
    look: () => look(run, user),
    turnOn: (file, isNew) => turnOn(run, user, file, isNew),
    turnOff: () => turnOff(run, user),
    forget: () => Promise.resolve(),
    byHand: (file, act) => {
      const domain = `gui/${String(user)}`
      return act === 'install'
        ? [`launchctl bootstrap ${domain} ${file}`]
        : [`launchctl bootout ${domain}/${LABEL}`]
    },
  }
}

async function look(run: Run, user: number): Promise<ManagerState | null> {
  const domain = await domainOf(run, user)
  if (domain === null) return null
  const job = await run(['launchctl', 'print', `${domain}/${LABEL}`])
  const pid = Number(/^\s*pid = (\d+)$/m.exec(job.stdout)?.[1] ?? '0')
  const isActive = job.isDone && pid > 0
  return { isEnabled: job.isDone, isActive, pid: isActive ? pid : null, lingers: null }
}

async function turnOn(run: Run, user: number, file: string, isNew: boolean): Promise<Switched> {
  const domain = (await domainOf(run, user)) ?? `gui/${String(user)}`
  const job = `${domain}/${LABEL}`
  const isThere = (await run(['launchctl', 'print', job])).isDone
  const said = ['The service is on, and starts at each login.']
  if (isThere && !isNew) return { said, problem: null }
  if (isThere) {
    const off = await turnOff(run, user)
    if (off.problem !== null) return off
  }
  // One that a person has once disabled cannot be loaded.
  await run(['launchctl', 'enable', job])
  const words = ['launchctl', 'bootstrap', domain, file]
  const { isDone, why } = await run(words)
  return isDone ? { said, problem: null } : failed(words, why)
}

async function turnOff(run: Run, user: number): Promise<Switched> {
  const domain = (await domainOf(run, user)) ?? `gui/${String(user)}`
  const job = `${domain}/${LABEL}`
  if (!(await run(['launchctl', 'print', job])).isDone) return { said: [], problem: null }
  const words = ['launchctl', 'bootout', job]
  const { isDone, why } = await run(words)
  // It answers before the daemon has ended, and what is still there cannot be loaded anew.
  const deadline = performance.now() + GONE_MS_MAX
  while ((await run(['launchctl', 'print', job])).isDone) {
    if (performance.now() > deadline) return failed(words, isDone ? 'it is still there' : why)
    await delay(POLL_MS)
  }
  return { said: ['The service is off.'], problem: null }
}

async function domainOf(run: Run, user: number): Promise<string | null> {
  for (const domain of [`gui/${String(user)}`, `user/${String(user)}`])
    if ((await run(['launchctl', 'print', domain])).isDone) return domain
  return null
}

function failed(words: readonly string[], why: string): Switched {
  return {
    said: [],
    problem: { says: `\`${words.join(' ')}\` failed: ${why}`, hint: 'skein logs' },
  }
}
