// Acts of a person: shown, asked, and only then sent as confirmed on a terminal. A script needs --yes, and this machine's
// `trust_scripts`, which the daemon checks.
import { OPERATIONS, SkeinError, type OperationName } from '../../protocol/index.ts'
import type { Io } from './io.ts'
import type { OperationInput } from './operation-input.ts'

/** Does this call need a person's word? */
export function isPersonAct(name: OperationName, input: OperationInput): boolean {
  return (
    (OPERATIONS[name].class === 'person' && input['show'] !== true) ||
    (name === 'merge' && input['drop'] === true) ||
    ((name === 'release' || name === 'wip/restore') && 'force' in input) ||
    (name === 'stale' && input['release'] === true) ||
    (name === 'stop' && input['lost'] === true)
  )
}

/**
 * The input as it may be sent: confirmed by whoever sits at the terminal, or marked as a script's.
 * @param show tells what will happen, before the question.
 * @throws SkeinError FORBIDDEN_PERSON without a terminal and without --yes; INTERRUPTED when the answer is no.
 */
export async function confirmAct(
  input: OperationInput,
  show: () => Promise<string>,
  io: Io,
): Promise<OperationInput> {
  if (input['yes'] === true) return markTerminal(input, false)
  if (!io.canAsk) {
    throw new SkeinError(
      'FORBIDDEN_PERSON',
      'This is a person\u2019s act, and no terminal is here to confirm it.',
    )
  }
  io.stderr.write(await show())
  if (await ask('Go on?', io)) return markTerminal(input, true)
  throw new SkeinError('INTERRUPTED', 'Not confirmed; nothing was changed.', {
    hint: 'Run it again when you are sure.',
  })
}

/** A yes-or-no question on stderr; anything but y or yes is no. */
export async function ask(question: string, io: Io): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: io.stdin })
  io.stderr.write(`${question} [y/N] `)
  const interrupted = (): void => {
    lines.close()
  }
  io.interrupted.addEventListener('abort', interrupted, { once: true })
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve)
    // End of input is no answer, and no answer is no.
    lines.once('close', () => {
      resolve('')
    })
  })
  io.interrupted.removeEventListener('abort', interrupted)
  lines.close()
  return /^y(es)?$/i.test(answer.trim())
}

function markTerminal(input: OperationInput, terminal: boolean): OperationInput {
  const caller = typeof input['caller'] === 'object' ? input['caller'] : {}
  return { ...input, caller: { ...caller, terminal } }
}
