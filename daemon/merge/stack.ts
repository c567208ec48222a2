// Branches on top of each other, in a worktree that nobody else has. The same branches in the same order are put together once.
import type { LandingGit, LandingMethod } from '../git-landing.ts'

export interface Stackable {
  readonly id: string
  readonly head: string
  /** Of the commit that a squash or a merge makes. */
  readonly message: string
}

export type Stacked =
  | { readonly kind: 'stacked'; readonly commit: string }
  /** `at`: the one that does not fit on those before it. */
  | { readonly kind: 'conflict'; readonly at: Stackable; readonly files: readonly string[] }

export interface Stack {
  /** @throws SkeinError REPO_NOT_GIT */
  of(branches: readonly Stackable[]): Promise<Stacked>
}

export function createStack(
  git: Pick<LandingGit, 'put'>,
  folder: string,
  base: string,
  method: LandingMethod,
): Stack {
  const known = new Map<string, Stacked>()
  async function of(branches: readonly Stackable[]): Promise<Stacked> {
    const last = branches.at(-1)
    if (last === undefined) return { kind: 'stacked', commit: base }
    const key = branches.map(({ id }) => id).join(' ')
    const there = known.get(key)
    if (there !== undefined) return there
    const below = await of(branches.slice(0, -1))
    const made = below.kind === 'conflict' ? below : await put(below.commit, last)
    known.set(key, made)
    return made
  }
  async function put(onto: string, at: Stackable): Promise<Stacked> {
    const told = await git.put(folder, { onto, head: at.head, method, message: at.message })
    return told.kind === 'put'
      ? { kind: 'stacked', commit: told.commit }
      : { kind: 'conflict', at, files: told.files }
  }
  return { of }
}
