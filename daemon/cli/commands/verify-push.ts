// `skein verify --push`: were commits pushed around the fence? For continuous integration, so it needs no daemon; where one runs
// it also says whether the remote has heard of all that is claimed.
import { SkeinError, type OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { Machine, PushVerdict } from '../machine.ts'
import { callerFields, requireCwd } from '../operation-input.ts'
import { pageOn, type Page } from '../output/page.ts'
import { cleanAll, count } from '../output/text.ts'
import { call } from './operation.ts'

/** @returns 4 when a commit went around a live claim. */
export async function runVerifyPush(command: Command, io: Io, machine: Machine): Promise<number> {
  const { range, remote, json, quiet } = command.fields
  const verdict = await machine.verifyPush({
    cwd: requireCwd(io),
    remote: typeof remote === 'string' ? remote : 'origin',
    range: typeof range === 'string' ? range : null,
    facts: await factsOf(command, io),
  })
  if (json === true) io.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`)
  else if (quiet !== true) {
    const lines = face(cleanAll(verdict) as PushVerdict, pageOn(io.stdout, io))
    io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  return verdict.ok ? 0 : 4
}

async function factsOf(command: Command, io: Io): Promise<OperationResult<'fence'> | null> {
  try {
    return (await call('fence', callerFields(command, io), command, io)) as OperationResult<'fence'>
  } catch (error) {
    if (error instanceof SkeinError) return null
    throw error
  }
}

function face(verdict: PushVerdict, page: Page): readonly string[] {
  const { findings, commits, range, tokens, synced, missing } = verdict
  const lines = findings.map(({ kind, commit, subject, path, claim, holder, fence }) => {
    const word = kind === 'bypass' ? 'BYPASS' : 'STALE'
    const why = kind === 'bypass' ? 'names no claim' : 'names another claim'
    return `${page.paint('bad', word)}  ${commit.slice(0, 12)} "${subject}" ${why}: ${path} is held by ${holder} (${claim}, fence ${String(fence)})`
  })
  const told = `${count(commits, 'commit')} of ${range} against ${count(tokens, 'live token')} of the remote`
  const late = missing.map(
    ({ claim, fence }) => `the remote has not heard of ${claim}, fence ${String(fence)}, yet`,
  )
  const known =
    synced === null ? ['no daemon here says whether the remote has heard of every claim'] : late
  return [...lines, page.paint('quiet', told), ...known.map((line) => page.paint('quiet', line))]
}
