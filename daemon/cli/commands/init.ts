// `skein init`: writes a repository's .skein.yml, once, and enrols it. The file is tracked, so it is never touched again.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { SkeinError, type OperationResult } from '../../../protocol/index.ts'
import type { Command } from '../arguments.ts'
import { ask } from '../confirm.ts'
import type { Io } from '../io.ts'
import type { CheckoutFacts, LocalCommand, Machine } from '../machine.ts'
import { callerFields, requireCwd } from '../operation-input.ts'
import { pageOn } from '../output/page.ts'
import { renderResult } from '../output/faces.ts'
import { call } from './operation.ts'

export const run: LocalCommand = async (command, io, machine) => {
  const checkout = await findCheckout(command, io, machine)
  const file = path.join(checkout.root, '.skein.yml')
  const isThere = readIfThere(file) !== null
  const text = fileText(checkout.repo)
  if (command.fields['dry_run'] === true) return showPlan(command, io, { file, text, isThere })
  if (!isThere) {
    await requireConsent(command, io, { file, text })
    writeNew(file, text)
  }
  const say =
    command.fields['json'] === true || command.fields['quiet'] === true ? () => {} : tell(io)
  const { paint } = pageOn(io.stdout, io)
  say(
    isThere ? `${file} is there already, and stays as it is.` : `${paint('good', 'wrote')} ${file}`,
  )
  const input = { ...callerFields(command, io), cwd: checkout.root }
  const result = (await call('enrol', input, command, io)) as OperationResult<'enrol'>
  if (command.fields['json'] === true) {
    io.stdout.write(`${JSON.stringify({ ...result, file, written: !isThere }, null, 2)}\n`)
    return 0
  }
  say(renderResult('enrol', result, pageOn(io.stdout, io)).trimEnd())
  if (!isThere) {
    say(`${paint('strong', 'Next:')} git add .skein.yml && git commit -m 'Enrol in skein'`)
    say(paint('quiet', 'Whoever pulls it and runs skein takes part from then on.'))
  }
  return 0
}

interface Plan {
  readonly file: string
  readonly text: string
}

async function findCheckout(command: Command, io: Io, machine: Machine): Promise<CheckoutFacts> {
  const given = command.fields['repo']
  if (typeof given === 'string' && !(await machine.isRepoId(given))) {
    throw new SkeinError('INPUT_USAGE', `\`${given}\` is no id of a repository.`, {
      hint: 'skein init --repo owner/name',
    })
  }
  const named = typeof given === 'string' ? given : null
  const checkout = await machine.checkoutAt(requireCwd(io), named)
  if (checkout !== null) return checkout
  throw new SkeinError('REPO_NOT_GIT', 'You are not inside a git repository.', {
    data: { cwd: io.cwd },
  })
}

/** Ids that YAML reads as they stand. */
const PLAIN_ID = /^[A-Za-z_][\w.-]*(?:\/[\w.-]+)+$/

function fileText(repo: string): string {
  return `# skein: who works on what. Everybody who pulls this file takes part. Data only, no secrets.
# Every key, its value and where it comes from: skein config
repo: ${PLAIN_ID.test(repo) ? repo : JSON.stringify(repo)}

# limits: {files: 100, ratio: 0.2}   # the most that one claim covers
# ttl: {default: 4h, shared: 2h}     # life of a claim that does not say its own
# idle_release: 30m                  # a session without a sign of life loses its claims
`
}

function showPlan(
  command: Command,
  io: Io,
  { file, text, isThere }: Plan & { readonly isThere: boolean },
): number {
  if (command.fields['json'] === true) {
    io.stdout.write(`${JSON.stringify({ file, exists: isThere, text }, null, 2)}\n`)
  } else if (isThere) io.stdout.write(`${file} is there already: nothing would be written.\n`)
  else io.stdout.write(`Would write ${file}:\n\n${text}`)
  return 0
}

async function requireConsent(command: Command, io: Io, { file, text }: Plan): Promise<void> {
  if (command.fields['yes'] === true) return
  if (!io.canAsk) {
    throw new SkeinError('INPUT_USAGE', `No terminal is here to ask whether to write ${file}.`, {
      hint: 'skein init --yes',
    })
  }
  io.stderr.write(`This will write ${file}:\n\n${text.replace(/^/gm, '  ').trimEnd()}\n\n`)
  if (await ask('Write it?', io)) return
  throw new SkeinError('INTERRUPTED', 'Nothing was written.', { hint: 'skein init --dry-run' })
}

/** Fails when somebody else has written it in the meantime. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new SkeinError('FORBIDDEN', `${file} cannot be written (${code}).`, {
      cause,
      hint: `Check the rights of ${path.dirname(file)}.`,
    })
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function tell(io: Io): (text: string) => void {
  return (text) => {
    io.stdout.write(`${text}\n`)
  }
}
