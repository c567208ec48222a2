// Hooks while no daemon runs. The hook's own process decides by the repository's policy, and notes what was about to be
// written; the next daemon takes the notes up: what nobody holds is claimed late, and a holder is told what was written.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import {
  SkeinError,
  type HarnessName,
  type HookEvent,
  type HookVerdict,
} from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import { loadConfig, loadRepoConfig } from '../config.ts'
import { createGit } from '../git.ts'
import type { Log } from '../log.ts'
import { readShut } from '../policy/shut.ts'
import { readPayload } from './decode/payload.ts'
import type { Act } from './decode/act.ts'
import { fieldsOf, inputOf } from './decode/values.ts'
import { programWrites } from './shell/programs.ts'
import { plainScript } from './shell/plain.ts'
import { valuesOf } from './shell/words.ts'

type Environment = Readonly<Record<string, string | undefined>>
type HookFields = Readonly<Record<string, unknown>> & {
  readonly harness: HarnessName
  readonly event: HookEvent
  readonly payload: Readonly<Record<string, unknown>>
}

/** Of all notes together; what comes then is allowed and not noted. */
const NOTES_BYTES_MAX = 1_048_576
/** A session that wrote nothing for so long would have lost its claims by now. */
const NOTE_AGE_MS_MAX = 30 * 60_000

const ALLOWED: HookVerdict = { decision: 'allow', reason: '', notes: [] }

/** The verdict of a process that found no daemon. */
export async function judgeOffline(
  home: string,
  input: HookFields,
  env: Environment,
  nowMs: number,
): Promise<HookVerdict> {
  if (input.event === 'session-end') note(home, input, nowMs)
  if (input.event !== 'pre-tool') return ALLOWED
  const call = readPayload(input.harness, input.event, input.payload)
  const folder = call.folder ?? textOf(input['cwd'])
  const place = placeOf(call.act, folder)
  if (place === null) return ALLOWED
  const policy = await policyAt(home, place, env)
  if (policy === null) return ALLOWED
  if (input['bypass'] === undefined && (policy === 'deny' || policy === 'ask')) {
    const reason =
      'skein: no daemon runs on this machine, so nothing can be claimed. skein up --background'
    return { decision: policy, reason, notes: [] }
  }
  if (policy === 'allow') return ALLOWED
  const isNoted = note(home, input, nowMs)
  // Of a command nobody knows yet whether it writes at all.
  if (call.act.kind !== 'edits') return ALLOWED
  const text = isNoted
    ? 'skein: no daemon runs, so this edit is only noted; it is claimed when one starts, and others may write the file too: skein up --background'
    : 'skein: no daemon runs, and no more can be noted: others may write the file too. skein up --background'
  return { ...ALLOWED, notes: [text] }
}

/** Where the act writes, as far as a look at it tells; null for what writes nothing. */
function placeOf(act: Act, folder: string | null): string | null {
  if (act.kind === 'none') return null
  if (act.kind === 'shell' && isHarmless(act.command)) return null
  const file = act.kind === 'edits' ? act.edits[0]?.path : undefined
  if (file === undefined) return folder
  if (folder === null) return path.isAbsolute(file) ? file : null
  return path.resolve(folder, file)
}

/** Without the parser only plain words can be told. */
function isHarmless(command: string): boolean {
  const script = plainScript(command)
  const [node] = script?.nodes ?? []
  if (node?.kind !== 'command') return false
  const nowhere = { folder: null, home: '', variables: new Map<string, string>() }
  const [name, ...args] = node.words.flatMap((word) => valuesOf(word, nowhere))
  return name != null && programWrites(path.basename(name.text), args, null).length === 0
}

/** What the repository wants; null outside of every repository that skein would serve. */
async function policyAt(home: string, place: string, env: Environment) {
  const checkout = await createGit(env).findCheckout(place)
  if (checkout === null) return null
  const isEnrolled =
    existsSync(path.join(checkout.root, '.skein.yml')) ||
    Object.values(loadConfig({ home, env }).repos).flat().includes(checkout.root)
  if (!isEnrolled) return null
  const shut = await readShut(env, checkout)
  return shut.whyNot(path.relative(checkout.root, place)) === null
    ? loadRepoConfig(checkout.root).offline
    : 'deny'
}

/** @returns false when there is no more room. */
function note(home: string, input: HookFields, nowMs: number): boolean {
  const file = fileIn(home)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const line = `${JSON.stringify({ at: nowMs, input: withoutContents(input) })}\n`
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size + Buffer.byteLength(line) > NOTES_BYTES_MAX) return false
  appendFileSync(file, line, { mode: 0o600 })
  return true
}

/** Nothing of what is written stays in the home: the file is claimed as a whole. */
function withoutContents(input: HookFields): HookFields {
  const payload = Object.entries(input.payload).filter(([name]) => !ANSWERS.test(name))
  const own = Object.entries(inputOf(input.payload['tool_input'])).filter(
    ([name]) => !CONTENTS.test(name),
  )
  const told = { ...Object.fromEntries(payload), tool_input: Object.fromEntries(own) }
  return { ...input, payload: told }
}

const ANSWERS = /^tool_(?:response|output)$|^output$/
const CONTENTS = /content|new_|old_|text|source$/i

/** Takes up what was noted, once; a line that cannot be read is passed over. */
export async function takeNotes(
  home: string,
  operations: Pick<Operations, 'call'>,
  log: Pick<Log, 'info' | 'warn'>,
  nowMs: number,
): Promise<void> {
  const file = fileIn(home)
  const taken = `${file}.taken`
  if (existsSync(file)) renameSync(file, taken)
  if (!existsSync(taken)) return
  const lines = readFileSync(taken, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  for (const line of lines) {
    const input = noteIn(line, nowMs)
    if (input === null) continue
    try {
      await operations.call('guard', { ...input, bypass: REASON }, CONTEXT)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      log.warn({ code: error.code, error: error.message }, 'a note of a hook was not taken up')
    }
  }
  rmSync(taken, { force: true })
  log.info({ notes: lines.length }, 'took up what hooks noted while no daemon ran')
}

const REASON = 'written while no daemon ran'
const CONTEXT = { door: 'socket', signal: new AbortController().signal, caller: {} } as const

function noteIn(line: string, nowMs: number): Readonly<Record<string, unknown>> | null {
  try {
    const { at, input } = fieldsOf(JSON.parse(line))
    const isYoung = typeof at === 'number' && nowMs - at < NOTE_AGE_MS_MAX
    return isYoung ? fieldsOf(input) : null
  } catch {
    return null
  }
}

function fileIn(home: string): string {
  return path.join(home, 'offline', 'hooks.ndjson')
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
