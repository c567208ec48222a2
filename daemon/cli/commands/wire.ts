// What init, upgrade and uninstall have in common: a plan, one question, the act, and what is told of it.
import { SkeinError, shellQuote } from '../../../protocol/index.ts'
import { usage, type Command } from '../arguments.ts'
import { ask } from '../confirm.ts'
import type { Io } from '../io.ts'
import { TOOLS, type SettingChange, type Tool, type Wiring, type WiringPlan } from '../setup.ts'
import { diffOf } from '../output/diff.ts'
import { pageOn, type Page } from '../output/page.ts'
import { clean, count } from '../output/text.ts'

/** Null where none is named. @throws SkeinError INPUT_USAGE */
export function toolsOf({ fields, verb }: Command): readonly Tool[] | null {
  const named = Array.isArray(fields['tools']) ? (fields['tools'] as readonly string[]) : []
  const words = named.flatMap((word) => word.split(','))
  if (words.length === 0) return null
  if (words.includes('all')) return TOOLS
  const wrong = words.find((word) => !TOOLS.some((tool) => tool === word))
  if (wrong !== undefined) {
    throw usage(`--tool takes ${TOOLS.join(', ')} or all, not \`${wrong}\``, verb)
  }
  return TOOLS.filter((tool) => words.includes(tool))
}

/** Shows the plan as a diff and nothing more. @returns the exit code. */
export function showDiff(plan: WiringPlan, { fields }: Command, io: Io): number {
  if (fields['json'] === true) io.stdout.write(`${JSON.stringify(asJson(plan, false), null, 2)}\n`)
  else {
    const { paint } = pageOn(io.stdout, io)
    const lines = plan.changes.flatMap((change) => diffOf(change, paint))
    lines.push(...plan.settings.map(configLine))
    if (lines.length === 0) io.stderr.write('Nothing would change.\n')
    io.stdout.write(lines.map((line) => `${line}\n`).join(''))
    io.stderr.write(remarks(plan, pageOn(io.stderr, io)))
  }
  return exitOf(plan)
}

/**
 * Asks where somebody is to be asked, and carries the plan out.
 * @throws SkeinError INPUT_USAGE without a terminal and --yes, INTERRUPTED when the answer is no, FORBIDDEN.
 */
export async function carryOut(
  plan: WiringPlan,
  wiring: Wiring,
  command: Command,
  io: Io,
): Promise<void> {
  const { json, quiet, yes } = command.fields
  const isQuiet = json === true || quiet === true
  if (!isEmpty(plan) && yes !== true) await requireConsent(plan, command, io)
  const said = await wiring.apply(plan)
  if (isQuiet) return
  const page = pageOn(io.stdout, io)
  const lines = plan.changes.map((change) => {
    const word = change.before === null ? 'wrote' : change.after === null ? 'removed' : 'changed'
    return `${page.paint('good', word)} ${clean(change.shown)}  ${page.paint('quiet', change.what)}`
  })
  const settings = plan.settings.map(
    (setting) =>
      `${page.paint('good', 'set')} ${configLine(setting)}  ${page.paint('quiet', setting.what)}`,
  )
  const none =
    plan.act === 'uninstall'
      ? 'Nothing of skein is wired here.'
      : 'Nothing to change: all of it is there.'
  const head = isEmpty(plan) ? [none] : [...lines, ...settings]
  io.stdout.write([...head, ...said].map((line) => `${line}\n`).join(''))
}

function isEmpty({ changes, settings }: WiringPlan): boolean {
  return changes.length === 0 && settings.length === 0
}

function configLine({ words }: SettingChange): string {
  return clean(['git', 'config', '--local', ...words].map(shellQuote).join(' '))
}

/** Notes, and the files that were left alone. */
export function remarks(plan: WiringPlan, page: Page): string {
  const notes = plan.notes.map((note) => `${page.paint('quiet', 'note:')} ${clean(note)}\n`)
  const problems = plan.problems.map(({ shown, problem, hint }) => {
    const where = page.paint('strong', clean(shown))
    return `${page.paint('bad', 'LEFT ALONE')} ${where} ${clean(problem)}\n  ACTION REQUIRED: ${clean(hint)}\n`
  })
  return [...notes, ...problems].join('')
}

export function exitOf(plan: WiringPlan): number {
  return plan.problems.length === 0 ? 0 : 1
}

/** @param isDone false for a plan that was only shown. */
export function asJson(plan: WiringPlan, isDone: boolean): Readonly<Record<string, unknown>> {
  const { act, root, tools, problems, notes } = plan
  const changes = plan.changes.map(({ shown, before, after, what }) => ({
    file: shown,
    change: before === null ? 'create' : after === null ? 'remove' : 'change',
    what,
  }))
  const left = problems.map(({ shown, problem, hint }) => ({ file: shown, problem, hint }))
  const settings = plan.settings.map(({ words, what }) => ({ words, what }))
  return { act, done: isDone, root, tools, changes, settings, left_alone: left, notes }
}

async function requireConsent(plan: WiringPlan, { verb }: Command, io: Io): Promise<void> {
  const again = `skein ${verb.name}`
  if (!io.canAsk) {
    throw new SkeinError('INPUT_USAGE', 'No terminal is here to ask whether to write files.', {
      hint: `${again} --yes; ${again} --dry-run shows what it would do`,
    })
  }
  const page = pageOn(io.stderr, io)
  const width = Math.max(0, ...plan.changes.map(({ shown }) => shown.length))
  const lines = plan.changes.map(({ shown, before, after, what }) => {
    const word = before === null ? 'new    ' : after === null ? 'remove ' : 'change '
    return `  ${word} ${clean(shown).padEnd(width)}  ${page.paint('quiet', what)}\n`
  })
  const settings = plan.settings.map((setting) => `  ${configLine(setting)}\n`).join('')
  io.stderr.write(`In ${plan.root}:\n\n${lines.join('')}${settings}\n${remarks(plan, page)}`)
  const files = count(plan.changes.length, 'file')
  const also = plan.settings.length === 0 ? '' : ` and ${count(plan.settings.length, 'setting')}`
  if (await ask(`Write ${files}${also}?`, io)) return
  throw new SkeinError('INTERRUPTED', 'Nothing was written.', { hint: `${again} --dry-run` })
}
