// Prompts: what a person asks for by name, put together from what is true now. What others wrote is quoted as data, as in the
// answers of tools.
import {
  ProtocolError,
  ProtocolErrorCode,
  type GetPromptResult,
  type ListPromptsResult,
} from '@modelcontextprotocol/server'
import { LIMITS, type OperationResult } from '../protocol/index.ts'
import type { CallOperation } from './client.ts'
import { renderInbox, waiterRows } from './render-waits.ts'
import { renderCheck, renderClaims, renderWhy } from './render.ts'
import { asProtocolError } from './resources/read.ts'
import { lines, quote, showCall } from './text.ts'

interface Prompt {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arguments: readonly PromptArgument[]
  write(args: Arguments, call: CallOperation): Promise<string>
}

interface PromptArgument {
  readonly name: string
  readonly description: string
  readonly required?: true
}

type Arguments = Readonly<Record<string, string>>

const LISTED = 25
const EVENTS = 5

const REPO: PromptArgument = { name: 'repo', description: 'repository id, where there are several' }

const PROMPTS: readonly Prompt[] = [
  {
    name: 'claim-before-editing',
    title: 'Work without collisions',
    description: 'How to work here beside other agents, and who holds what now.',
    arguments: [
      { name: 'task', description: 'what is to be done' },
      { name: 'paths', description: 'files or folders that it will change, separated by commas' },
      REPO,
    ],
    async write({ task = '', paths = '', repo }, call) {
      const patterns = pathsOf(paths)
      const now =
        patterns.length === 0
          ? renderClaims(await ask(call, 'claims', { ...inRepo(repo), limit: LISTED }))
          : renderCheck(
              await ask(call, 'check', { ...inRepo(repo), scopes: patterns.map(fileScope) }),
            )
      return lines(
        task.trim() === '' ? '' : `The task: ${quote(task, 500)}`,
        'Other agents and people edit this repository at the same time. Work like this:',
        `1. Before you edit anything, claim it: ${showCall('claim_files', { patterns: patterns.length > 0 ? patterns.slice(0, 5) : ['src/…'] })}. Claim what you need and no more; with symbols, only parts of files.`,
        '2. "granted": edit. "refused": do not edit it; work on something else, queue with wait_seconds, or request_release.',
        '3. Between steps call pending_requests, and answer.',
        '4. Before a push call verify_claims; when a part is done, release_claims.',
        patterns.length === 0 ? 'Held now:' : 'About these paths now:',
        now,
      )
    },
  },
  {
    name: 'resolve-conflict',
    title: 'Resolve a conflict',
    description: 'Who holds a path, since when and what for, and what can be done about it.',
    arguments: [{ name: 'path', description: 'file, folder or glob', required: true }, REPO],
    async write({ path = '', repo }, call) {
      const about = { ...inRepo(repo), scopes: [fileScope(path)] }
      const check = await ask(call, 'check', about)
      const why = await ask(call, 'why', { ...inRepo(repo), pattern: path, limit: EVENTS })
      const [met] = check.conflicts
      return lines(
        `I want to edit ${quote(path, 200)}. What skein says of it:`,
        renderCheck(check),
        ...waiterRows(check.waiters),
        renderWhy(why),
        met === undefined
          ? 'Claim it with claim_files, then edit.'
          : lines(
              'Weigh these, tell me which you choose and why, and then do it:',
              '- work on another part: claim only the symbols that are free (claim_files with symbols).',
              '- wait: claim_files with wait_seconds; the place in the queue is kept.',
              `- ask: ${showCall('request_release', { claim_id: met.claim.id, reason: '…' })}; unless denied, the claim ends in 5 minutes.`,
              '- leave it, and do something else first.',
              'Never edit it without a grant.',
            ),
      )
    },
  },
  {
    name: 'hand-over',
    title: 'Hand over',
    description: 'What this session holds, who waits for it, and what is to be given back.',
    arguments: [{ name: 'session', description: 'whose; this one when left out' }, REPO],
    async write({ session, repo }, call) {
      const who = { ...inRepo(repo), ...(session === undefined ? {} : { session }) }
      const held = await ask(call, 'claims', { ...who, mine: true, limit: LISTED })
      const inbox = await ask(call, 'inbox', who)
      const { entries } = await ask(call, 'queue', inRepo(repo))
      const others = entries.filter((place) => inbox.waiting.every(({ id }) => id !== place.id))
      return lines(
        'I end this work, or hand it to somebody else. What this session holds:',
        renderClaims(held),
        renderInbox(inbox),
        others.length === 0 ? 'Nobody else waits.' : 'Who waits in this repository:',
        ...waiterRows(others).map((row) => row.replace('before you waits ', '')),
        'For each claim: is its work committed and pushed (verify_claims first)? Then release_claims. What others wait for comes first. Answer open requests with respond_to_request. At the end call release_session, and write down in a few lines what is done and what is not.',
      )
    },
  },
]

export const PROMPT_LIST: ListPromptsResult = {
  prompts: PROMPTS.map(({ name, title, description, arguments: args }) => ({
    name,
    title,
    description,
    arguments: args.map((argument) => ({ ...argument })),
  })),
}

export async function getPrompt(
  name: string,
  given: Readonly<Record<string, string>> | undefined,
  call: CallOperation,
): Promise<GetPromptResult> {
  const prompt = PROMPTS.find((each) => each.name === name)
  if (prompt === undefined) throw invalid(`There is no prompt ${quote(name, 60)}.`)
  const args = given ?? {}
  const missing = prompt.arguments.find(
    (argument) => argument.required === true && (args[argument.name] ?? '').trim() === '',
  )
  if (missing !== undefined) throw invalid(`${name} needs the argument \`${missing.name}\`.`)
  try {
    const text = await prompt.write(args, call)
    return {
      description: prompt.description,
      messages: [{ role: 'user', content: { type: 'text', text } }],
    }
  } catch (error) {
    throw asProtocolError(error)
  }
}

function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message)
}

async function ask<Name extends 'claims' | 'check' | 'why' | 'inbox' | 'queue'>(
  call: CallOperation,
  name: Name,
  input: object,
): Promise<OperationResult<Name>> {
  return (await call(name, input)) as OperationResult<Name>
}

function inRepo(repo: string | undefined): object {
  return repo === undefined || repo.trim() === '' ? {} : { repo }
}

function pathsOf(paths: string): readonly string[] {
  const all = paths.split(/[,\n]/).map((path) => path.trim())
  return all.filter((path) => path !== '').slice(0, LIMITS.scopesMax)
}

function fileScope(pattern: string): object {
  return { kind: 'file', pattern }
}
