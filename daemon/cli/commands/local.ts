// The verbs of this machine alone, in one chunk: `check` and `claim` start without them, and few files are quick to load.
import type { LocalCommand } from '../machine.ts'
import type { LocalVerb } from '../verb-spec.ts'
import { run as completions } from './completions.ts'
import { run as configValidate } from './config-validate.ts'
import { run as doctor } from './doctor.ts'
import { run as down } from './down.ts'
import { run as gitHook } from './git-hook.ts'
import { run as help } from './help.ts'
import { run as init } from './init.ts'
import { run as logs } from './logs.ts'
import { run as mcp } from './mcp.ts'
import { run as push } from './push.ts'
import { run as service } from './service.ts'
import { run as tryIt } from './try.ts'
import { run as uninstall } from './uninstall.ts'
import { run as up } from './up.ts'
import { run as upgrade } from './upgrade.ts'
import { run as version } from './version.ts'

const VERBS: Readonly<Partial<Record<LocalVerb, LocalCommand>>> = {
  up,
  down,
  mcp,
  logs,
  init,
  upgrade,
  doctor,
  uninstall,
  push,
  'service install': service,
  'service uninstall': service,
  'service status': service,
  'service print': service,
  completions,
  'hook pre-commit': gitHook,
  'hook pre-push': gitHook,
  'hook prepare-commit-msg': gitHook,
  'config validate': configValidate,
  try: tryIt,
  demo: async (command, io, machine) => {
    const { run: demo } = await import('./demo.ts')
    return demo(command, io, machine)
  },
  version,
  help,
}

/** Runs a verb, or explains any verb where help is asked for. */
export const runLocal: LocalCommand = (command, io, machine) => {
  const { does } = command.verb
  const isHelp = command.fields['help'] === true || !('local' in does)
  const verb = isHelp ? help : (VERBS[does.local] ?? help)
  return verb(command, io, machine)
}
