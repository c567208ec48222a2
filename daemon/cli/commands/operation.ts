// Runs one operation: input, call, answer. The path of `check` and `claim`, so nothing heavy is imported here.
import {
  DEFAULTS,
  exitOfResult,
  SkeinError,
  type OperationName,
  type OperationResult,
} from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import { confirmAct, isPersonAct } from '../confirm.ts'
import type { Io } from '../io.ts'
import { buildInput, callerFields, type OperationInput } from '../operation-input.ts'
import { pageOn, prose, type Page } from '../output/page.ts'
import { pathToRoot } from '../patterns.ts'
import { cleanAll } from '../output/text.ts'
import { span } from '../output/time.ts'
import type { VerbSpec } from '../verb-spec.ts'
import { waitingFor, type Ask } from './waiting-for.ts'

/** The daemon answers in callTimeoutSeconds; the rest is for its first look at a repository. */
const CALL_MS_MAX = (DEFAULTS.callTimeoutSeconds + 3) * 1000
/** These read a whole history, or files of it. */
const SLOW: ReadonlySet<OperationName> = new Set([
  'enrol',
  'why',
  'events',
  'audit/verify',
  'audit/export',
  'refactor',
  'task/list',
  'task/claim',
  'task/complete',
  'assign',
  'plan',
  'approve',
  'split',
  'notify',
  'done',
  'test',
  'review',
  'pr',
  'merge',
  'trust',
  'retry',
  'fix',
  'wip/list',
  'wip/show',
  'wip/restore',
])
const SLOW_CALL_MS_MAX = 120_000
/** After this a person wonders. */
const PROGRESS_AFTER_MS = 1_000

export async function runOperation(name: OperationName, command: Command, io: Io): Promise<number> {
  const built = buildInput(name, command, io)
  const input = isPersonAct(name, built)
    ? await confirmAct(built, () => describeAct(name, built, command, io), io)
    : built
  // What the answer will look like is loaded while the daemon works on it.
  const [result, faces] = await Promise.all([
    call(name, input, command, io),
    import('../output/faces.ts'),
  ])
  const exit = exitOfResult(name, result)
  // Only a refusal prints commands with paths in them.
  const toRoot = exit === 0 || command.fields['repo'] !== undefined ? '' : pathToRoot(io.cwd)
  const page = pageOn(io.stdout, io, { session: sessionOf(input), toRoot })
  io.stdout.write(renderAnswer(faces, name, result, command, page))
  return exit
}

/** Calls the daemon of the caller's home. */
export async function call(
  name: OperationName,
  input: OperationInput,
  command: Command,
  io: Io,
): Promise<unknown> {
  const waitMs = waitOf(input)
  const timeoutMs = (SLOW.has(name) ? SLOW_CALL_MS_MAX : CALL_MS_MAX) + waitMs
  const { api: socket } = findSockets(homePath(io.env))
  const stopProgress = showProgress(progressText(name, waitMs, ''), command, io, async () => {
    if (waitMs === 0 || !isClaim(name) || name === 'refactor') return null
    const ask: Ask = (other, more) =>
      callOperation(other, { ...callerFields(command, io), ...more }, { socket, timeoutMs })
    const whom = await waitingFor(ask, input['scopes'], sessionOf(input), io.now())
    return whom === null ? null : progressText(name, waitMs, ` ${whom}`)
  })
  try {
    return await callOperation(name, input, { socket, timeoutMs, signal: io.interrupted })
  } catch (error) {
    throw waitMs > 0 ? stoppedWaiting(name, error) : error
  } finally {
    stopProgress()
  }
}

type Faces = Pick<typeof import('../output/faces.ts'), 'renderQuiet' | 'renderResult'>

/** How long the daemon may take because the caller waits: in the queue, or for an answer. */
function waitOf({ wait_s: seconds }: OperationInput): number {
  return typeof seconds === 'number' ? seconds * 1000 : 0
}

function progressText(name: OperationName, waitMs: number, whom: string): string {
  if (waitMs === 0) return `waiting for the daemon to ${name.replace('/', ' ')} …`
  const what = isClaim(name) ? 'in the queue' : 'for the answer'
  const end = isClaim(name) ? 'Ctrl-C gives the place up' : 'Ctrl-C stops waiting only'
  return `waiting ${what}${whom}, at most ${span(waitMs)} (${end}) …`
}

function isClaim(name: OperationName): boolean {
  return name === 'claim' || name === 'task/claim' || name === 'refactor'
}

/** What an interrupted wait leaves behind is known, unlike that of another call. */
function stoppedWaiting(name: OperationName, error: unknown): unknown {
  if (!(error instanceof SkeinError) || error.code !== 'INTERRUPTED') return error
  if (isClaim(name)) {
    const message = 'Interrupted while waiting: the place in the queue is given up.'
    return new SkeinError('INTERRUPTED', message)
  }
  const message = 'Interrupted while waiting for the answer; the request stands.'
  return new SkeinError('INTERRUPTED', message, { hint: 'skein requests --mine' })
}

function renderAnswer(
  { renderQuiet, renderResult }: Faces,
  name: OperationName,
  result: unknown,
  { fields }: Command,
  page: Page,
): string {
  if (fields['json'] === true) return `${JSON.stringify(result, null, 2)}\n`
  return fields['quiet'] === true ? renderQuiet(result) : renderResult(name, result, page)
}

/** @param more says it better, once it is known. */
function showProgress(
  text: string,
  { fields }: Command,
  io: Io,
  more: () => Promise<string | null>,
): () => void {
  if (!io.stderr.isTerminal || fields['json'] === true || fields['quiet'] === true) return () => {}
  let isShown = false
  let isOver = false
  const timer = setTimeout(() => {
    isShown = true
    io.stderr.write(text)
    more().then(
      (better) => {
        if (!isOver && better !== null) io.stderr.write(`\r\u001b[K${better}`)
      },
      // The call that waits has its own answer; this one was a courtesy.
      () => undefined,
    )
  }, PROGRESS_AFTER_MS)
  return () => {
    isOver = true
    clearTimeout(timer)
    if (isShown) io.stderr.write('\r\u001b[K')
  }
}

/** What a person is about to do. */
async function describeAct(
  name: OperationName,
  input: OperationInput,
  command: Command,
  io: Io,
): Promise<string> {
  const lines =
    name === 'release' || name === 'task/expire'
      ? await describeEnd(name, input, command, io)
      : await describeVerb(command.verb, pageOn(io.stderr, io))
  return lines.map((line) => `${line}\n`).join('')
}

/** Loaded only where somebody is asked. */
async function describeVerb(verb: VerbSpec, page: Page): Promise<readonly string[]> {
  const { helpOf } = await import('../verb-help.ts')
  const { summary, details } = helpOf(verb)
  return [`${summary}.`, ...prose(details, page)]
}

/** What a person is about to end, as far as this machine knows it. */
async function describeEnd(
  name: OperationName,
  input: OperationInput,
  command: Command,
  io: Io,
): Promise<readonly string[]> {
  const { ids, task, of_session: ofSession, of_agent: ofAgent, mine } = input
  const filter = { of_session: ofSession, of_agent: ofAgent, mine }
  const result = await call('claims', { ...callerFields(command, io), ...filter }, command, io)
  const all = cleanAll(result) as OperationResult<'claims'>
  const claims = all.claims.filter(({ id, kind, pattern }) => {
    if (name === 'task/expire') return kind === 'task' && (task === undefined || pattern === task)
    return !Array.isArray(ids) || ids.includes(id)
  })
  const { claimsFace } = await import('../output/claims.ts')
  const page = pageOn(io.stderr, io, { session: sessionOf(input) })
  return [
    'This ends, against the will of whoever holds it:',
    '',
    ...claimsFace({ ...all, claims, recent: [], more: 0 }, page),
    '',
    'The holder is told why. Its files stay as they are, and what is not committed in them is kept (skein wip); it may still be writing to them.',
  ]
}

function sessionOf(input: OperationInput): string | null {
  return typeof input['session'] === 'string' ? input['session'] : null
}
