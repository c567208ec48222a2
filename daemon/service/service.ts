// The user service, as the command line and `init --service` are given it: look, write, switch. A file that skein did not write, or that
// somebody has changed since, is never written over.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { shellQuote, SkeinError } from '../../protocol/index.ts'
import type { FileChange, WiringProblem } from '../cli/setup.ts'
import type { ServiceFile, ServiceManager, ServicePlan, UserService } from '../cli/user-service.ts'
import { homePath } from '../client/place.ts'
import { applyChange } from '../wiring/apply.ts'
import { lookAt, textOf, type Target } from '../wiring/target.ts'
import { createLaunchd } from './launchd.ts'
import { readLoginPath } from './login-shell.ts'
import type { Manager } from './manager.ts'
import { createRun } from './run.ts'
import { homeOf, passingFolders, servicePath, stableProgram } from './search-path.ts'
import { createSystemd } from './systemd.ts'
import { errorsFile, judgeFile, managerOf, programsIn, serviceFile, serviceText } from './unit.ts'

export interface ServiceSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Words that start this program. */
  readonly self: readonly string[]
  readonly cwd: string | null
  readonly platform?: NodeJS.Platform
}

/** Null where skein knows no service manager. */
export function createUserService(around: ServiceSurroundings): UserService | null {
  const kind = managerOf(around.platform ?? process.platform)
  if (kind === null) return null
  const { env } = around
  const run = createRun(env)
  const manager: Manager =
    kind === 'systemd' ? createSystemd(run, env) : createLaunchd(run, process.getuid?.() ?? 0)
  const file = serviceFile(kind, env)
  // Once: a login shell may take its time.
  let made: Promise<string> | null = null
  const text = (): Promise<string> => (made ??= textFor(kind, around))
  return {
    manager: kind,
    file,
    text,
    plan: async (act) => planFile(act, file, act === 'install' ? await text() : ''),
    async look() {
      const target = lookAt(path.dirname(file), file)
      const written = target.kind === 'file' ? target.bytes.toString('utf8') : ''
      const script = around.self.at(-1) ?? ''
      const isThis = programsIn(written)?.includes(script) === true
      return { found: judge(target), isCurrent: written === (await text()), isThis }
    },
    askManager: () => manager.look(),
    apply({ change }) {
      if (change === null) return
      // launchd opens the file for errors before the daemon makes its home.
      const errors = path.dirname(errorsFile(homePath(env)))
      if (kind === 'launchd') mkdirSync(errors, { recursive: true, mode: 0o700 })
      applyChange(change)
    },
    turnOn: (isNew) => manager.turnOn(file, isNew),
    turnOff: () => manager.turnOff(file),
    forget: () => manager.forget(),
    byHand: (act) => manager.byHand(file, act),
  }
}

/** A line break would end a line of the file, and begin one of its own. */
const CONTROL = /\p{Cc}/u

async function textFor(kind: ServiceManager, around: ServiceSurroundings): Promise<string> {
  const { env, cwd, platform = process.platform } = around
  const [program = process.execPath, ...words] = around.self
  const written = [...around.self, homeOf(env), homePath(env)]
  const odd = written.find((word) => CONTROL.test(word))
  if (odd !== undefined) {
    const message = `${JSON.stringify(odd)} has characters that a service file cannot hold.`
    throw new SkeinError('HOME_UNUSABLE', message, { hint: 'Choose another folder.' })
  }
  const place = { env, cwd, passing: passingFolders(env) }
  const node = stableProgram(program, place)
  const searched = servicePath({ ...place, node, platform, login: await readLoginPath(env) })
  const facts = { folder: homeOf(env), home: homePath(env), searched }
  return serviceText(kind, { self: [node, ...words], ...facts })
}

function planFile(act: 'install' | 'uninstall', file: string, text: string): ServicePlan {
  const target = lookAt(path.dirname(file), file)
  const problem = problemWith(target, file, act)
  const before = target.kind === 'file' ? target.bytes : null
  const after = act === 'install' ? Buffer.from(text) : null
  const isSame = before === null ? after === null : after !== null && before.equals(after)
  const change: FileChange = { file, shown: file, before, after, mode: 0o644, what: 'user service' }
  return { file, change: isSame || problem !== null ? null : change, problem }
}

function judge(target: Target): ServiceFile {
  if (target.kind === 'absent') return 'absent'
  const text = target.kind === 'file' ? textOf(target.bytes) : null
  return text === null ? 'foreign' : judgeFile(text)
}

function problemWith(
  target: Target,
  file: string,
  act: 'install' | 'uninstall',
): WiringProblem | null {
  const why = whyLeft(target, act)
  if (why === null) return null
  const again = act === 'install' ? ` && skein service install` : ''
  return { shown: file, problem: why, hint: `rm ${shellQuote(file)}${again}` }
}

function whyLeft(target: Target, act: 'install' | 'uninstall'): string | null {
  if (target.kind === 'link') return 'is a symbolic link'
  if (target.kind === 'unusable') return target.why
  const found = judge(target)
  if (found === 'foreign') return 'was not written by skein'
  // Whoever changed it wants to keep that through an installation, and not through its end.
  return found === 'edited' && act === 'install' ? 'was changed since skein wrote it' : null
}
