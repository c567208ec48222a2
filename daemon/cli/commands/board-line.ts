// A command line that is typed in the board: the words of a shell without a shell, carried out here, answered in lines.
import { DEFAULTS, SkeinError } from '../../../protocol/index.ts'
import type { RunOptions } from '../../client/board-host.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import { parseCommand, type Command } from '../arguments.ts'
import { isPersonAct } from '../confirm.ts'
import type { Io } from '../io.ts'
import { buildInput } from '../operation-input.ts'
import { renderResult } from '../output/faces.ts'
import type { Page } from '../output/page.ts'
import { helpOf } from '../verb-help.ts'

const CALL_MS_MAX = (DEFAULTS.callTimeoutSeconds + 25) * 1000
/** They run in a process of their own, for as long as they like, or read what stands on stdin. */
const ELSEWHERE: ReadonlySet<string> = new Set(['guard', 'join', 'recover', 'audit/export'])
const FIELDS_ELSEWHERE = ['follow', 'push', 'file'] as const

/** @param around the command that opened the board: whose agent and session also stand for what is typed in it. */
export async function runLine(
  line: string,
  options: RunOptions,
  around: Command,
  io: Io,
): Promise<readonly string[]> {
  const words = splitWords(line)
  const command = withDefaults(
    parseCommand(words[0] === 'skein' ? words.slice(1) : words),
    around,
    options,
  )
  const { does } = command.verb
  if (!('operation' in does) || isElsewhere(does.operation, command))
    throw new SkeinError('INPUT_USAGE', 'This one is for a shell, not for the board.', {
      hint: `skein ${command.verb.name}`,
    })
  const name = does.operation
  const input = buildInput(name, command, io)
  const isAct = isPersonAct(name, input) && input['yes'] !== true
  const { summary, details } = helpOf(command.verb)
  const shown = [`${summary}.`, ...details.split('\n'), '', `skein ${words.join(' ')}`]
  if (isAct && !(await options.confirm(shown)))
    throw new SkeinError('INTERRUPTED', 'Not confirmed; nothing was changed.', {
      hint: `skein ${words.join(' ')}`,
    })
  const { api: socket } = findSockets(homePath(io.env))
  const waitMs = typeof input['wait_s'] === 'number' ? input['wait_s'] * 1000 : 0
  const answer = await callOperation(name, input, {
    ...{ socket, timeoutMs: CALL_MS_MAX + waitMs, signal: options.signal },
  })
  return linesOf(renderResult(name, answer, pageOf(options.width, input, io)))
}

/** A board looks at one repository; what is typed in it is about that one. */
function withDefaults({ verb, fields }: Command, around: Command, { repo }: RunOptions): Command {
  const { agent, session } = around.fields
  return {
    verb,
    fields: {
      ...(repo === null ? {} : { repo }),
      ...(agent === undefined ? {} : { agent }),
      ...(session === undefined ? {} : { session }),
      ...fields,
    },
  }
}

function isElsewhere(name: string, { fields }: Command): boolean {
  return ELSEWHERE.has(name) || FIELDS_ELSEWHERE.some((field) => fields[field] !== undefined)
}

function pageOf(width: number, input: Readonly<Record<string, unknown>>, io: Io): Page {
  const session = typeof input['session'] === 'string' ? input['session'] : null
  return { width, paint: (_style, text) => text, nowMs: io.now(), session, toRoot: '' }
}

function linesOf(text: string): readonly string[] {
  return text.trimEnd().split('\n')
}

/** Blanks part words; single quotes, double quotes and a backslash keep them together. Nothing is expanded. @throws INPUT_USAGE */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: string | null = null
  let isEscaped = false
  for (const character of line) {
    const isBlank = quote === null && /\s/.test(character)
    if (isEscaped) {
      word = (word ?? '') + character
      isEscaped = false
    } else if (character === '\\' && quote !== "'") isEscaped = true
    else if (quote === null && /["']/.test(character)) {
      quote = character
      word ??= ''
    } else if (character === quote) quote = null
    else if (!isBlank) word = (word ?? '') + character
    else if (word !== null) {
      words.push(word)
      word = null
    }
  }
  if (quote !== null)
    throw new SkeinError('INPUT_USAGE', `A ${quote} is not closed.`, { hint: 'skein help' })
  return word === null ? words : [...words, word]
}
