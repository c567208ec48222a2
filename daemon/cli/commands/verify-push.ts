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

/** @returns 4 when a commit went around a live claim, or past the policy. */
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
  const { findings, passed, policy, commits, range, tokens, synced, missing } = verdict
  const lines = [
    ...findings.map(
      (found) => `${page.paint('bad', WORDS[found.kind])}  ${commitOf(found)} ${whatOf(found)}`,
    ),
    ...passed.map((one) => page.paint('quiet', `${commitOf(one)} ${passedOf(one)}`)),
  ]
  const by =
    policy === null
      ? 'no policy of the default branch to judge by'
      : `by the policy of ${policy.branch} at ${policy.commit.slice(0, 12)}`
  const told = `${count(commits, 'commit')} of ${range} against ${count(tokens, 'live token')} of the remote`
  const late = missing.map(
    ({ claim, fence }) => `the remote has not heard of ${claim}, fence ${String(fence)}, yet`,
  )
  const known =
    synced === null ? ['no daemon here says whether the remote has heard of every claim'] : late
  return [...lines, ...[told, by, ...known].map((line) => page.paint('quiet', line))]
}

type Found = PushVerdict['findings'][number]
type Passed = PushVerdict['passed'][number]

const WORDS: Readonly<Record<Found['kind'], string>> = {
  ...{ bypass: 'BYPASS', stale: 'STALE', protected: 'PROTECTED', unapproved: 'UNAPPROVED' },
}

function commitOf({ commit, subject }: Found | Passed): string {
  return `${commit.slice(0, 12)} "${subject}"`
}

function whatOf(found: Found): string {
  const { path } = found
  if ('claim' in found) {
    const why = found.kind === 'bypass' ? 'names no claim' : 'names another claim'
    return `${why}: ${path} is held by ${found.holder} (${found.claim}, fence ${String(found.fence)})`
  }
  if (found.kind === 'protected') return `changes ${path}, which is protected: ${found.rule}`
  const who = found.owners.length === 0 ? 'a person' : found.owners.join(' or ')
  return `changes ${path} in '${found.rule}' without a live claim on it; others than ${who} need their word`
}

function passedOf({ kind, path, rule, why }: Passed): string {
  return kind === 'bypassed'
    ? `went past the policy (${rule}) with ${path}: ${why}`
    : `changed ${path} in '${rule}' under a claim that has ended (fence ${why}); what it covered is not known here`
}
