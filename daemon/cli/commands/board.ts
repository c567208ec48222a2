// `skein board`: the mesh on a terminal, live; or printed once where there is none. The live one is a front end of its own, which
// bin.ts hands in; here it gets its terminal, its caller and its command line.
import {
  DEFAULTS,
  type OperationName,
  type OperationResult,
  SkeinError,
} from '../../../protocol/index.ts'
import type { Asker, BoardHost } from '../../client/board-host.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LocalCommand } from '../machine.ts'
import { fieldsOfCaller, whoCalls, type OperationInput } from '../operation-input.ts'
import { renderResult } from '../output/faces.ts'
import { pageOn, type Page } from '../output/page.ts'
import { cleanAll } from '../output/text.ts'
import { runLine } from './board-line.ts'

/** A history of a year is read from disk. */
const CALL_MS_MAX = (DEFAULTS.callTimeoutSeconds + 25) * 1000

export const run: LocalCommand = async (command, io, machine) => {
  const host = hostOf(command, io)
  // Enrols the folder that it is called in, as any command does, and says at once when no daemon runs.
  const status = await host.call('status', {})
  if (!isForBoard(io) || command.fields['json'] === true || command.fields['quiet'] === true)
    return printOnce(command, io, host, status)
  await machine.runBoard(host)
  return 0
}

/** Is there a terminal that can be drawn on, and typed at? */
export function isForBoard({ stdout, canAsk, env }: Io): boolean {
  return stdout.isTerminal && canAsk && env['TERM'] !== 'dumb'
}

export function hostOf(command: Command, io: Io): BoardHost {
  const home = homePath(io.env)
  const caller = whoCalls(command, io)
  const fields = fieldsOfCaller(caller, command, io)
  const repo = command.fields['repo']
  const socket = (): string => findSockets(home).api
  return {
    ...{ socket, folder: io.cwd, repo: typeof repo === 'string' ? repo : null },
    reader: { agent: caller.agent, session: caller.session },
    telling: null,
    stdin: io.stdin,
    get stdout() {
      return io.stdout.stream
    },
    isColourful: (io.env['NO_COLOR'] ?? '') === '',
    now: io.now,
    interrupted: io.interrupted,
    async call<Name extends OperationName>(name: Name, input: object, as?: Asker) {
      const asked = { ...fields, ...input, ...(as === undefined ? {} : speakingFor(as, fields)) }
      const options = { socket: socket(), timeoutMs: CALL_MS_MAX, signal: io.interrupted }
      return (await callOperation(name, asked, options)) as OperationResult<Name>
    },
    run: (line, options) => runLine(line, options, command, io),
  }
}

/** Without the process of this caller: the life of the other session does not hang on it. */
function speakingFor({ agent, session }: Asker, fields: OperationInput): OperationInput {
  const { user, tool, terminal } = fields['caller'] as Readonly<Record<string, unknown>>
  return { session, caller: { user, tool, terminal }, ...(agent === null ? {} : { agent }) }
}

type Shown = Extract<
  OperationName,
  'members' | 'claims' | 'queue' | 'requests' | 'workers' | 'hotspots'
>
const OF_REPO: readonly Shown[] = ['claims', 'queue', 'requests', 'workers', 'hotspots']

/** The same picture as operations give it, with a title over each part. */
async function printOnce(
  { fields }: Command,
  io: Io,
  host: BoardHost,
  status: OperationResult<'status'>,
): Promise<number> {
  const repo = host.repo ?? repoAround(status, host.folder)
  const parts: Partial<Record<OperationName, unknown>> = { status }
  parts.members = await host.call('members', {})
  if (repo !== null) for (const name of OF_REPO) parts[name] = await host.call(name, { repo })
  if (fields['json'] === true) {
    io.stdout.write(`${JSON.stringify({ repo, ...parts }, null, 2)}\n`)
    return 0
  }
  const page = pageOn(io.stdout, io, { session: host.reader.session })
  const texts = Object.entries(parts).map(([name, part]) => {
    return section(name as OperationName, part, page)
  })
  io.stdout.write(texts.join('\n'))
  return 0
}

function section(name: OperationName, part: unknown, page: Page): string {
  const text = renderResult(name, cleanAll(part), page)
  return name === 'status' ? text : `${page.paint('strong', name.toUpperCase())}\n${text}`
}

function repoAround({ repos }: OperationResult<'status'>, folder: string | null): string | null {
  const around = repos.find(({ checkouts }) =>
    checkouts.some((root) => folder === root || folder?.startsWith(`${root}/`) === true),
  )
  const only = repos.length === 1 ? repos[0] : undefined
  const found = around ?? only
  if (found !== undefined || repos.length === 0) return found?.id ?? null
  throw new SkeinError(
    'REPO_UNKNOWN',
    'Several repositories are enrolled, and this folder is in none.',
    {
      hint: `skein board --repo ${repos[0]?.id ?? 'ID'}`,
    },
  )
}
