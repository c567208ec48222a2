// Whether the user service, where there is one, still starts this program.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Check } from '../cli/setup.ts'
import { judgeFile, managerOf, programsIn, searchedIn, serviceFile } from '../service/unit.ts'
import { lookAt, textOf } from '../wiring/target.ts'
import { findProgram } from '../path-programs.ts'
import { fail, ok, warn } from './check.ts'

const NAME = 'service'
/** What the daemon and its workers start. */
const PROGRAMS = ['git', 'node', 'claude', 'codex', 'opencode', 'cursor-agent', 'gh']

type Environment = Readonly<Record<string, string | undefined>>

/** Without one the first session of a harness starts the daemon: that is no fault. */
export function checkService(env: Environment): readonly Check[] {
  const manager = managerOf(process.platform)
  if (manager === null) return []
  const file = serviceFile(manager, env)
  const target = lookAt(path.dirname(file), file)
  if (target.kind === 'absent')
    return [ok(NAME, 'none; sessions of harnesses start the daemon. One: skein service install')]
  const text = target.kind === 'file' ? textOf(target.bytes) : null
  const found = text === null ? 'foreign' : judgeFile(text)
  if (text === null || found === 'foreign')
    return [warn(NAME, `${file} was not written by skein`, 'skein service status')]
  const gone = programsIn(text)?.find((program) => !existsSync(program))
  if (gone !== undefined)
    return [fail(NAME, `${file} starts ${gone}, which is not there`, 'skein service install')]
  const missed = PROGRAMS.filter((name) => isMissed(name, text, env))
  if (missed.length > 0) {
    const says = `its PATH has no ${missed.join(', ')}, which you find here`
    return [warn(NAME, says, 'skein service install')]
  }
  const says = found === 'edited' ? `${file}, changed since skein wrote it` : file
  return [ok(NAME, says)]
}

/** A worker would fail for want of a program that its person sees. */
function isMissed(name: string, text: string, env: Environment): boolean {
  return findProgram(name, env) !== null && findProgram(name, { PATH: searchedIn(text) }) === null
}
