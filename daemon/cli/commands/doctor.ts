// `skein doctor`: every link of the chain with what to do about it; with --canary the proof that a write is refused.
import path from 'node:path'
import { SkeinError } from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LocalCommand, Machine } from '../machine.ts'
import { callerFields } from '../operation-input.ts'
import { pageOn, type Page, type Style } from '../output/page.ts'
import { clean } from '../output/text.ts'
import type { CanaryReport, CanaryVerdict, Check, CheckLevel, Patient } from '../setup.ts'
import { toolsOf } from './wire.ts'

const STATUS_MS_MAX = 5_000

export const run: LocalCommand = async (command, io, machine) => {
  const tools = toolsOf(command)
  const { json, quiet, canary, bundle } = command.fields
  const doctor = await machine.loadDoctor()
  const patient = await patientOf(command, io, machine)
  const checks = await doctor.examine(patient)
  const page = pageOn(io.stdout, io)
  const isQuiet = json === true || quiet === true
  const say = (lines: readonly string[]): void => {
    if (!isQuiet) io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  say(checks.flatMap((check) => printCheck(check, page)))
  if (typeof bundle === 'string') {
    const file = path.resolve(io.cwd ?? '/', bundle)
    await doctor.writeBundle(file, patient, checks)
    say(['', `wrote ${file}: masked, but read it before you hand it on.`])
  }
  if (canary === true && !isQuiet) io.stderr.write('The canary writes to a held file …\n')
  const reports = canary === true ? await doctor.runCanary(patient, tools, io.interrupted) : null
  if (reports !== null) say(['', ...reports.flatMap((report) => printReport(report, page))])
  if (json === true) io.stdout.write(`${JSON.stringify({ checks, canary: reports }, null, 2)}\n`)
  return exitOf(checks, reports ?? [])
}

async function patientOf(command: Command, io: Io, machine: Machine): Promise<Patient> {
  const home = homePath(io.env)
  return { folder: io.cwd, home, version: machine.version, status: await statusOf(command, io) }
}

/** Null where no daemon answers; the doctor says so. */
async function statusOf(command: Command, io: Io): Promise<unknown> {
  try {
    const socket = findSockets(homePath(io.env)).api
    const input = callerFields(command, io)
    return await callOperation('status', input, { socket, timeoutMs: STATUS_MS_MAX })
  } catch (error) {
    if (error instanceof SkeinError) return null
    throw error
  }
}

const LEVEL_STYLES: Readonly<Record<CheckLevel, Style>> = {
  OK: 'good',
  WARN: 'warning',
  FAIL: 'bad',
}
const NAME_WIDTH = 28

function printCheck({ name, level, says, hint }: Check, page: Page): readonly string[] {
  const word = page.paint(LEVEL_STYLES[level], level.padEnd(4))
  const line = `${word}  ${name.padEnd(NAME_WIDTH)}  ${clean(says)}`
  return hint === null ? [line] : [line, `      ACTION REQUIRED: ${clean(hint)}`]
}

const VERDICT_STYLES: Readonly<Record<CanaryVerdict, Style>> = {
  BLOCKED: 'good',
  REPLAYED: 'good',
  LEAKED: 'bad',
  UNKNOWN: 'bad',
  'NOT INSTALLED': 'warning',
}

function printReport(
  { tool, way, verdict, says, hint }: CanaryReport,
  page: Page,
): readonly string[] {
  const word = page.paint(VERDICT_STYLES[verdict], verdict.padEnd('NOT INSTALLED'.length))
  const line = `${word}  ${tool.padEnd(6)}  ${way.padEnd(5)}  ${clean(says)}`
  return hint === null ? [line] : [line, `      ACTION REQUIRED: ${clean(hint)}`]
}

function exitOf(checks: readonly Check[], reports: readonly CanaryReport[]): number {
  const isFailed =
    checks.some(({ level }) => level === 'FAIL') ||
    reports.some(({ verdict }) => verdict === 'LEAKED' || verdict === 'UNKNOWN')
  return isFailed ? 1 : 0
}
