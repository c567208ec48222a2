// `skein try`: two sessions meet in a temporary repository, with a daemon of their own. Every command is run as it is shown,
// by this very program, and the demonstration fails when one of them does not do what is told here.
import path from 'node:path'
import { SkeinError, type OperationResult } from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets } from '../../client/place.ts'
import type { Io } from '../io.ts'
import type { LocalCommand } from '../machine.ts'
import { pageOn, type Page } from '../output/page.ts'
import { commandLine } from '../output/text.ts'
import { openStage, REPO, type Stage } from './try-stage.ts'

export const run: LocalCommand = async ({ fields }, io) => {
  const started = performance.now()
  const isTold = fields['json'] !== true && fields['quiet'] !== true
  const page = pageOn(io.stdout, io)
  const say = (lines: readonly string[]): void => {
    if (isTold) io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  say([page.paint('quiet', 'Two agents in one repository, all of it temporary.'), ''])
  const stage = await openStage(io)
  try {
    const fences = await play(stage, io, page, say)
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1))
    say([
      page.paint('good', `All went as told, in ${String(seconds)} s.`),
      'Now yours:  skein up --background  &&  cd REPO  &&  skein init',
    ])
    const facts = { ok: true, seconds, fences }
    if (fields['json'] === true) io.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
    return 0
  } finally {
    await stage.close()
  }
}

interface Step {
  readonly who: 'alice' | 'bob'
  readonly says: string
  readonly words: readonly string[]
  readonly exit: number
  /** Texts that the answer holds. */
  readonly shows: readonly string[]
}

const PATH = 'src/auth/login.ts'

const STEPS: readonly Step[] = [
  {
    who: 'alice',
    says: 'Alice claims a folder before she writes.',
    words: ['claim', 'src/auth/**', '--description', 'rework login'],
    exit: 0,
    shows: ['granted', 'fence'],
  },
  {
    who: 'bob',
    says: 'Bob wants one file in it. He is told who, what, until when, and what to do.',
    words: ['claim', PATH, '--description', 'fix a typo'],
    exit: 1,
    shows: ['REFUSED', 'alice', 'rework login', 'until', 'ACTION REQUIRED'],
  },
  {
    who: 'bob',
    says: 'He asks about another place first.',
    words: ['check', 'docs/'],
    exit: 0,
    shows: ['safe'],
  },
  {
    who: 'alice',
    says: 'Alice is done.',
    words: ['release', '--mine'],
    exit: 0,
    shows: ['released'],
  },
  {
    who: 'bob',
    says: 'Now Bob gets it, under a higher fence.',
    words: ['claim', PATH, '--description', 'fix a typo'],
    exit: 0,
    shows: ['granted', 'fence'],
  },
  {
    who: 'bob',
    says: 'Before he pushes he asks whether it is still his.',
    words: ['verify'],
    exit: 0,
    shows: ['live'],
  },
  {
    who: 'alice',
    says: 'And anybody can ask how it came to that.',
    words: ['why', PATH],
    exit: 0,
    shows: ['bob', 'alice'],
  },
]

async function play(
  stage: Stage,
  io: Io,
  page: Page,
  say: (lines: readonly string[]) => void,
): Promise<readonly number[]> {
  const fences: number[] = []
  for (const step of STEPS) {
    if (io.interrupted.aborted) {
      throw new SkeinError('INTERRUPTED', 'Interrupted.', { hint: 'skein try' })
    }
    say([
      page.paint('quiet', `# ${step.says}`),
      page.paint('strong', `${step.who} $ ${commandLine(step.words)}`),
    ])
    const answer = await stage.run(step.who, step.words)
    say([answer.output.trimEnd(), ''])
    requireAsTold(step, answer)
    if (step.words[0] === 'claim' && step.exit === 0) fences.push(await fenceOf(step.who, stage))
  }
  const [first = 0, second = 0] = fences
  if (second > first) return fences
  throw notAsTold(`Bob's fence ${String(second)} is not above Alice's ${String(first)}`)
}

function requireAsTold(
  { exit, shows, words }: Step,
  answer: { readonly exit: number | null; readonly output: string },
): void {
  if (answer.exit !== exit) {
    throw notAsTold(
      `\`${commandLine(words)}\` ended with ${String(answer.exit)}, not ${String(exit)}`,
    )
  }
  const missing = shows.find((text) => !answer.output.includes(text))
  if (missing !== undefined) {
    throw notAsTold(`\`${commandLine(words)}\` does not show "${missing}"`)
  }
}

/** What the ledger says, not what was printed. */
async function fenceOf(agent: string, stage: Stage): Promise<number> {
  const socket = findSockets(stage.home).api
  const input = { repo: REPO, of_agent: agent }
  const answer = await callOperation('claims', input, { socket, timeoutMs: 5_000 })
  const { claims } = answer as OperationResult<'claims'>
  return claims[0]?.fence ?? 0
}

function notAsTold(what: string): SkeinError {
  return new SkeinError('INTERNAL', `Not as told: ${what}.`, {
    hint: `Report it, with the output of: ${path.basename(process.execPath)} --version; skein version`,
  })
}
