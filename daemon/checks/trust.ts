// Which commands of a repository may run on this machine: those that a person here approved last, and no others. Whoever can write to a
// repository can write its `.skein.yml`, so a change of them is shown to a person first. Kept in the home, by repository.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { RepoConfig } from '../config.ts'
import { replaceFile } from '../home.ts'

export type Commands = RepoConfig['commands']

export interface Approved {
  readonly hash: string
  readonly commands: Commands
  readonly by: string
  /** Milliseconds since 1970. */
  readonly atMs: number
}

export interface Trust {
  /** What was approved last. */
  approved(repo: string): Approved | null
  /** Null: they may run. Else what differs from what may, as lines for people. */
  doubt(repo: string, commands: Commands): readonly string[] | null
  approve(repo: string, approved: Omit<Approved, 'hash'>): void
  /** @returns was anything approved? */
  revoke(repo: string): boolean
}

export function openTrust(home: string): Trust {
  const file = path.join(home, 'trusted-commands.json')
  const load = (): Readonly<Record<string, Approved>> => {
    if (!existsSync(file)) return {}
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Approved>
    } catch {
      // What cannot be read approves nothing.
      return {}
    }
  }
  const save = (all: Readonly<Record<string, Approved>>): void => {
    replaceFile(file, `${JSON.stringify(all, null, 2)}\n`)
  }
  return {
    approved: (repo) => load()[repo] ?? null,
    doubt(repo, commands) {
      const approved = load()[repo] ?? null
      if (approved?.hash === hashOfCommands(commands)) return null
      return diffOfCommands(approved?.commands ?? {}, commands)
    },
    approve(repo, approved) {
      save({ ...load(), [repo]: { ...approved, hash: hashOfCommands(approved.commands) } })
    },
    revoke(repo) {
      const { [repo]: gone, ...rest } = load()
      if (gone !== undefined) save(rest)
      return gone !== undefined
    },
  }
}

/** The same for the same commands, however the file is laid out. */
export function hashOfCommands(commands: Commands): string {
  return createHash('sha256')
    .update(JSON.stringify(linesOf(commands)))
    .digest('hex')
}

/** Nothing that could run. */
export function isNone(commands: Commands): boolean {
  return linesOf(commands).length === 0
}

export function linesOf({ build, test, smoke, housekeeping = [] }: Commands): readonly string[] {
  const named = { build, test, smoke }
  const single = Object.entries(named).flatMap(([name, line]) =>
    line === undefined ? [] : [`${name}: ${line}`],
  )
  return [...single, ...housekeeping.map((line) => `housekeeping: ${line}`)]
}

export function diffOfCommands(before: Commands, after: Commands): readonly string[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.map((line) => (old.includes(line) ? `  ${line}` : `+ ${line}`)),
  ]
}
