// The command line: words in, an exit code out. Answers go to stdout, everything else to stderr; with --json one document
// on stdout is all there is, failures included. Verbs of this machine alone are loaded when they are typed.
import path from 'node:path'
import { SkeinError, type HookEvent, type OperationName } from '../../protocol/index.ts'
import { homePath } from '../client/place.ts'
import { parseCommand, wantsJson, type Command } from './arguments.ts'
import { runOperation } from './commands/operation.ts'
import type { Io } from './io.ts'
import type { Machine } from './machine.ts'
import { asBug, renderBug, renderFailure } from './output/failure.ts'
import { pageOn } from './output/page.ts'
import type { LocalVerb } from './verb-spec.ts'

export async function main(words: readonly string[], io: Io, machine: Machine): Promise<number> {
  try {
    const command = parseCommand(words)
    return await run(command, io, machine)
  } catch (error) {
    return report(error, wantsJson(words), io)
  }
}

async function run(command: Command, io: Io, machine: Machine): Promise<number> {
  const { does } = command.verb
  const wantsHelp = command.fields['help'] === true
  if ('operation' in does && !wantsHelp) {
    if (does.operation === 'guard') {
      const { runHook } = await import('./commands/hook.ts')
      return runHook('pre-tool', command, io, machine)
    }
    if (does.operation === 'join') {
      const { runJoin } = await import('./commands/join.ts')
      return runJoin(command, io)
    }
    if (does.operation === 'web') {
      const { runWeb } = await import('./commands/web.ts')
      return runWeb(command, io)
    }
    if (does.operation === 'test' || does.operation === 'merge' || does.operation === 'trust') {
      const { runLanding } = await import('./commands/landing.ts')
      return runLanding(does.operation, command, io)
    }
    if (does.operation === 'recover') {
      const { runRecover } = await import('./commands/recover.ts')
      return runRecover(command, io)
    }
    if (does.operation === 'verify' && command.fields['push'] === true) {
      const { runVerifyPush } = await import('./commands/verify-push.ts')
      return runVerifyPush(command, io, machine)
    }
    if (!isRecord(does.operation, command)) return runOperation(does.operation, command, io)
    const { runRecord } = await import('./commands/record.ts')
    return runRecord(does.operation, command, io, machine)
  }
  // Harnesses wait for it at each of their starts, so it comes without the other verbs.
  if ('local' in does && does.local === 'mcp' && !wantsHelp) {
    const { run: runMcp } = await import('./commands/mcp.ts')
    return runMcp(command, io, machine)
  }
  if ('local' in does && does.local === 'board' && !wantsHelp) {
    const { run: runBoard } = await import('./commands/board.ts')
    return runBoard(command, io, machine)
  }
  const event = 'local' in does && !wantsHelp ? HOOKS[does.local] : undefined
  if (event !== undefined) {
    const { runHook } = await import('./commands/hook.ts')
    return runHook(event, command, io, machine)
  }
  // Every commit waits for it.
  if ('local' in does && does.local.startsWith('hook ') && !wantsHelp) {
    const { run: runGitHook } = await import('./commands/git-hook.ts')
    return runGitHook(command, io, machine)
  }
  // A person waits for it with a finger on the key.
  if ('local' in does && does.local === 'candidates' && !wantsHelp) {
    const { run: runCandidates } = await import('./commands/candidates.ts')
    return runCandidates(command, io, machine)
  }
  const { runLocal } = await import('./commands/local.ts')
  return runLocal(command, io, machine)
}

/** Hooks of harnesses: they wait at each of them. */
const HOOKS: Readonly<Partial<Record<LocalVerb, HookEvent>>> = {
  'hook session-start': 'session-start',
  'hook session-end': 'session-end',
  'hook post-tool': 'post-tool',
  'hook turn-end': 'turn-end',
}

/** Streams and files of the record: more than one call, and no answer that fits one page. */
function isRecord(operation: OperationName, { fields }: Command): boolean {
  if (operation === 'log') return true
  if (operation === 'audit/export') return fields['json'] !== true
  return operation === 'events'
    ? fields['follow'] === true
    : operation === 'audit/verify' && fields['file'] !== undefined
}

/** Tells a failure, and returns its exit code. What is no SkeinError is our own mistake. */
export function report(error: unknown, json: boolean, io: Io): number {
  const log = path.join(homePath(io.env), 'logs', 'daemon.ndjson')
  const known = error instanceof SkeinError ? error : asBug(error, log)
  const page = pageOn(io.stderr, io)
  if (json) io.stdout.write(`${JSON.stringify(known, null, 2)}\n`)
  else io.stderr.write(known === error ? renderFailure(known, page) : renderBug(error, log, page))
  return known.exit
}
