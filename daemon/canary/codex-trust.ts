// Trust in our hooks, written into this user's own Codex by Codex itself, as its /hooks screen does: its app server is
// asked which hooks it sees in the checkout, and told the hashes of those that call skein. Only on a person's word.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { asList, asObject } from './model.ts'

const TALK_MS_MAX = 20_000

export interface CodexHook {
  readonly key: string
  readonly command: string
  readonly hash: string
  readonly isTrusted: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Trusts the checkout, and its hooks that call skein. @returns how many hooks are trusted now. */
export async function trustHooks(program: string, root: string, env: Environment): Promise<number> {
  return talk(program, root, env, async (ask) => {
    const project = `projects.${JSON.stringify(root)}.trust_level`
    await ask('config/batchWrite', { edits: [edit(project, 'trusted')] })
    const hooks = (await listHooks(ask, root)).filter(({ command }) => /\bskein\b/.test(command))
    const state = Object.fromEntries(hooks.map(({ key, hash }) => [key, { trusted_hash: hash }]))
    if (hooks.length > 0) await ask('config/batchWrite', { edits: [edit('hooks.state', state)] })
    return (await listHooks(ask, root)).filter(({ isTrusted }) => isTrusted).length
  })
}

type Ask = (method: string, params: object) => Promise<unknown>

function edit(keyPath: string, value: unknown): object {
  return { keyPath, value, mergeStrategy: 'upsert' }
}

async function listHooks(ask: Ask, root: string): Promise<readonly CodexHook[]> {
  const { data } = asObject(await ask('hooks/list', { cwds: [root] }))
  return asList(asObject(asList(data)[0])['hooks'])
    .map(asObject)
    .map(({ key, command, currentHash, trustStatus }) => ({
      key: String(key),
      command: String(command),
      hash: String(currentHash),
      isTrusted: trustStatus === 'trusted',
    }))
}

/** JSON-RPC, a message a line. @throws Error when the server ends, refuses or falls silent. */
async function talk<Result>(
  program: string,
  root: string,
  env: Environment,
  act: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const child = spawn(program, ['app-server'], {
    cwd: root,
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const waiting = new Map<number, (answer: Readonly<Record<string, unknown>>) => void>()
  const ended = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(new Error('codex app-server does not answer'))
    }
    child.once('error', fail)
    child.once('exit', fail)
    child.stdin.on('error', fail)
    setTimeout(fail, TALK_MS_MAX).unref()
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = asObject(parse(line))
    const { id } = answer
    if (typeof id === 'number') waiting.get(id)?.(answer)
  })
  let next = 0
  const ask: Ask = async (method, params) => {
    const id = ++next
    const answered = new Promise<Readonly<Record<string, unknown>>>((resolve) => {
      waiting.set(id, resolve)
    })
    child.stdin.write(`${JSON.stringify({ id, method, params })}\n`)
    const { result, error } = await Promise.race([answered, ended])
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
    return result
  }
  try {
    await ask('initialize', { clientInfo: { name: 'skein', title: 'skein', version: '1' } })
    child.stdin.write(`${JSON.stringify({ method: 'initialized' })}\n`)
    return await act(ask)
  } finally {
    ended.catch(() => undefined)
    child.kill()
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return null
  }
}
