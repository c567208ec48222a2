// How far a worker is, folded from its events: what people are shown, and what its end is judged by.
import type { WorkerProgress } from '../ports-fleet.ts'
import type { WorkerEvent } from './events.ts'

export interface ProgressState {
  model: string | null
  session: string | null
  turns: number
  tools: number
  last: string | null
  costUsd: number
  files: Set<string>
  updates: string[]
  lows: number
  stuck: string | null
  denied: number
  isLimited: boolean
  /** The command that came last, and how often in a row. */
  command: string
  repeats: number
  mostRepeated: number
  turnsSinceCommit: number
  failure: string | null
  /** It has said its result: nothing more is to come. */
  isOver: boolean
}

const FILES_MAX = 200
const UPDATES_MAX = 10
const REPEATS_MANY = 3
const TURNS_MANY = 15
const SILENT_MS = 600_000

export function startProgress(): ProgressState {
  return {
    ...{ model: null, session: null, turns: 0, tools: 0, last: null, costUsd: 0, files: new Set() },
    ...{ updates: [], lows: 0, stuck: null, denied: 0, isLimited: false, command: '', repeats: 0 },
    ...{ mostRepeated: 0, turnsSinceCommit: 0, failure: null, isOver: false },
  }
}

export function noteEvent(state: ProgressState, event: WorkerEvent): void {
  switch (event.kind) {
    case 'started':
      state.session = event.session
      state.model = event.model
      return
    case 'turn':
      state.turns++
      state.turnsSinceCommit++
      return
    case 'tool':
      state.tools++
      state.last = event.tool
      return
    case 'edited':
      if (state.files.size < FILES_MAX) state.files.add(event.file)
      return
    case 'ran':
      noteCommand(state, event.command)
      return
    case 'status':
      state.updates = [...state.updates, event.text].slice(-UPDATES_MAX)
      state.lows = event.confidence === 'low' ? state.lows + 1 : 0
      // Whoever goes on is not stuck any more.
      state.stuck = null
      return
    case 'stuck':
      state.stuck = event.text
      return
    case 'rate-limited':
      state.isLimited = true
      return
    case 'denied':
      state.denied = event.count
      return
    case 'cost':
      if (Number.isFinite(event.usd) && event.usd >= 0) state.costUsd = event.usd
      return
    case 'result':
      if (Number.isSafeInteger(event.turns)) state.turns = Math.max(state.turns, event.turns ?? 0)
      state.failure = event.ok ? null : event.why
      state.isOver = true
  }
}

function noteCommand(state: ProgressState, command: string): void {
  state.last = `Bash: ${command}`
  state.repeats = command === state.command ? state.repeats + 1 : 1
  state.mostRepeated = Math.max(state.mostRepeated, state.repeats)
  state.command = command
  if (/\bgit\s+(?:-\S+\s+)*commit\b/.test(command)) state.turnsSinceCommit = 0
}

/** @param silentMs since it said something; null: it does not run any more. */
export function tellProgress(state: ProgressState, silentMs: number | null): WorkerProgress {
  const { model, turns, tools, last, costUsd, files, updates, stuck } = state
  const said = { updates, stuck, warnings: warningsOf(state, silentMs) }
  return { model, turns, tools, last, cost_usd: costUsd, files: [...files], ...said }
}

function warningsOf(state: ProgressState, silentMs: number | null): readonly string[] {
  const { mostRepeated, denied, isLimited, turnsSinceCommit, lows } = state
  const silent = Math.floor((silentMs ?? 0) / 60_000)
  const found: readonly (readonly [boolean, string])[] = [
    [mostRepeated >= REPEATS_MANY, `the same command ${String(mostRepeated)} times in a row`],
    [denied > 0, `${String(denied)} permission denials`],
    [isLimited, 'rate limited'],
    [turnsSinceCommit >= TURNS_MANY, `${String(turnsSinceCommit)} turns without a commit`],
    [lows >= 2, 'low confidence, twice in a row'],
    [(silentMs ?? 0) >= SILENT_MS, `${String(silent)} minutes without output`],
  ]
  return found.flatMap(([isSo, text]) => (isSo ? [text] : []))
}
