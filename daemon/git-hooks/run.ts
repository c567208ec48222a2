// The git hooks as git runs them: words, stdin, an exit code. Whatever is not a refusal lets git go on.
import { loadRepoConfig } from '../config.ts'
import { SkeinError } from '../../protocol/index.ts'
import { createUserGit, GitFailed, type UserGit } from '../git-user.ts'
import { createGit } from '../git.ts'
import { readShut } from '../policy/shut.ts'
import { createAsking } from '../push/asking.ts'
import type { Changes } from '../push/changes.ts'
import { judgeByLeader, type PushedTo } from '../push/judge.ts'
import { isFencedAddress, pushedChanges, pushedRefs } from './pre-push.ts'
import { addTrailers, stagedChanges, trailedByStaged, type Trailed } from './staged.ts'
import { refusalLines, shown } from '../push/words.ts'

export interface HookCall {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: () => Promise<string>
  /** A line for the person. */
  readonly say: (line: string) => void
}

/** @returns the exit code: 1 refuses, 0 lets git go on. */
export async function runGitHook(hook: string, call: HookCall): Promise<number> {
  const git = createUserGit(call.cwd, call.env)
  switch (hook) {
    case 'pre-commit':
      return check('commit', call, null, () => stagedChanges(git))
    case 'pre-push':
      return prePush(call, git)
    case 'prepare-commit-msg':
      return prepareMessage(call, git)
    default:
      throw new SkeinError('INPUT_USAGE', `skein has no hook for git's ${hook}.`)
  }
}

async function prePush(call: HookCall, git: UserGit): Promise<number> {
  const [remote = '', url = ''] = call.words
  const lines = await call.stdin()
  if (isFencedAddress(url)) return 0
  const pushed = { url, refs: pushedRefs(lines) }
  return check('push', call, pushed, () => pushedChanges(git, remote, lines))
}

async function check(
  what: 'commit' | 'push',
  call: HookCall,
  pushed: PushedTo | null,
  find: () => Promise<Changes | string>,
): Promise<number> {
  let changes: Changes | null = null
  try {
    const found = await find()
    if (typeof found === 'string') {
      call.say(`skein: ${found}`)
      return 1
    }
    changes = found
    if (changes.paths.size === 0) return 0
    const judged = await judgeByLeader(createAsking(call.env, call.cwd), changes, pushed)
    for (const note of judged.notes) call.say(`skein: ${note}`)
    const { blocked } = judged
    if (blocked.length === 0) return 0
    for (const line of refusalLines(what, blocked)) call.say(line)
    return 1
  } catch (error) {
    return withoutAnswer(what, call, changes, error)
  }
}

/** Nobody says whose the files are. */
async function withoutAnswer(
  what: 'commit' | 'push',
  call: HookCall,
  changes: Changes | null,
  error: unknown,
): Promise<number> {
  if (error instanceof GitFailed) {
    call.say(`skein: the ${what} is not checked: ${error.message}`)
    return 0
  }
  if (!(error instanceof SkeinError)) throw error
  if (NOT_OURS.has(error.code)) return 0
  const shut = changes === null ? null : await shutPath(call, [...changes.paths])
  const { bypass } = createAsking(call.env, call.cwd).bypass
  if (shut !== null && bypass === undefined) {
    call.say(`skein: this ${what} is refused: ${error.message}`)
    call.say(`  ${shut.path} ${shut.why} in .skein.yml`)
    call.say(`next: ${error.hint}`)
    return 1
  }
  if (shut !== null)
    call.say(
      `skein: ${shut.path} ${shut.why} in .skein.yml, and goes past it: ${shown(bypass ?? '')}`,
    )
  call.say(`skein: ${error.message} The ${what} is not checked. (${error.hint})`)
  return 0
}

const NOT_OURS: ReadonlySet<string> = new Set(['REPO_NOT_ENROLLED', 'REPO_NOT_GIT', 'REPO_UNKNOWN'])

/** A file that the repository wants refused where nobody answers. */
async function shutPath(
  { env, cwd }: HookCall,
  paths: readonly string[],
): Promise<{ readonly path: string; readonly why: string } | null> {
  const checkout = await createGit(env).findCheckout(cwd)
  if (checkout === null) return null
  const [any] = paths
  const isDenied = loadRepoConfig(checkout.root).offline === 'deny'
  if (isDenied && any !== undefined) return { path: any, why: '`offline: deny`' }
  const shut = await readShut(env, checkout)
  for (const path of paths) {
    const why = shut.whyNot(path)
    if (why !== null) return { path, why }
  }
  return null
}

/** The message is the person's: whatever goes wrong here leaves it as it is. */
async function prepareMessage(call: HookCall, git: UserGit): Promise<number> {
  const [file] = call.words
  if (file === undefined) return 0
  try {
    await addTrailers(git, file, await trailed(call, git))
  } catch (error) {
    if (!(error instanceof SkeinError) && !(error instanceof GitFailed)) throw error
  }
  return 0
}

/** Where no daemon writes an event of it, the commit alone says why it went past what is shut. */
async function trailed(call: HookCall, git: UserGit): Promise<Trailed> {
  const asking = createAsking(call.env, call.cwd)
  try {
    return await trailedByStaged(git, asking)
  } catch (error) {
    const { bypass } = asking.bypass
    const isDown = error instanceof SkeinError && !NOT_OURS.has(error.code)
    if (!isDown || bypass === undefined) throw error
    const { paths } = await stagedChanges(git)
    return { claims: [], bypass: (await shutPath(call, [...paths])) === null ? null : bypass }
  }
}
