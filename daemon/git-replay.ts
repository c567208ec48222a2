// The door to git's merge of one commit's changes into another, in memory: what `git cherry-pick` would give, as plain data.
// Nothing of anybody changes here but the unmerged entries of an index, when that is asked for.
import { createRunner, type Run } from './git-process.ts'
import { nobodyAt } from './git-snapshot.ts'

export interface TreeFile {
  readonly path: string
  readonly mode: string
  /** Of its blob. */
  readonly id: string
}

/** A path before and after; null: it is not there. */
export interface Replacement {
  readonly path: string
  readonly before: Omit<TreeFile, 'path'> | null
  readonly after: Omit<TreeFile, 'path'> | null
}

/** An unmerged entry: 1 the base, 2 ours, 3 theirs. */
export interface Stage extends TreeFile {
  readonly stage: 1 | 2 | 3
}

export interface Replay {
  readonly changes: readonly Replacement[]
  readonly unmerged: readonly Stage[]
  /** How the two sides are called in the texts with marks of conflicts. */
  readonly names: { readonly ours: string; readonly theirs: string }
}

/** All of these throw as those of Git do. */
export interface Replays {
  /** What the checkout's HEAD becomes with the changes of a commit in it; null: this git is too old to merge in memory. */
  replay(root: string, commit: string, signal: AbortSignal | undefined): Promise<Replay | null>
  /** Enters conflicts into the index of a checkout, as a merge that stopped there. */
  markUnmerged(root: string, stages: readonly Stage[]): Promise<void>
  /** Tracked files that git was told to take as unchanged (skip-worktree, assume-unchanged): of them it says nothing. */
  unwatched(root: string, signal: AbortSignal | undefined): Promise<ReadonlySet<string>>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createReplays(env: Readonly<Record<string, string | undefined>>): Replays {
  const run = createRunner(env)
  return {
    replay: (root, commit, signal) => replay(run, root, commit, signal),
    async markUnmerged(root, stages) {
      const [first] = stages
      if (first === undefined) return
      const none = '0'.repeat(first.id.length)
      const paths = [...new Set(stages.map((stage) => stage.path))]
      const info = [
        ...paths.map((file) => `0 ${none}\t${file}\0`),
        ...stages.map(({ path, mode, id, stage }) => `${mode} ${id} ${String(stage)}\t${path}\0`),
      ]
      const update = ['update-index', '-z', '--index-info']
      await run(root, update, { signal: undefined, stdin: info.join('') })
    },
    async unwatched(root, signal) {
      const answer = (await run(root, ['ls-files', '-v', '-z'], { signal })) ?? ''
      const entries = answer.split('\0').filter((entry) => entry !== '' && !entry.startsWith('H '))
      return new Set(entries.map((entry) => entry.slice(2)))
    },
  }
}

const MERGE_MS_MAX = 20_000
async function replay(
  run: Run,
  root: string,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<Replay | null> {
  const tree = async (of: string): Promise<string | null> => {
    const args = ['rev-parse', '--verify', '--quiet', `${of}^{tree}`]
    return (await run(root, args, { signal, refusals: /^$/ }))?.trim() ?? null
  }
  const empty =
    (
      await run(root, ['hash-object', '-w', '-t', 'tree', '--stdin'], { signal, stdin: '' })
    )?.trim() ?? ''
  const before = (await tree(`${commit}^`)) ?? empty
  const theirs = (await tree(commit)) ?? empty
  const ours = (await tree('HEAD')) ?? empty
  const names = { ours: '', theirs: '' }
  if (ours === before) {
    return { changes: await changesBetween(run, root, ours, theirs, signal), unmerged: [], names }
  }
  // Both on top of what the work stood on, whatever else their histories have: only the work's own changes are taken over.
  const on = async (of: string, parents: readonly string[]): Promise<string> => {
    const args = ['commit-tree', ...parents.flatMap((id) => ['-p', id]), '-m', 'replay', of]
    return (await run(root, args, { signal, variables: nobodyAt(0) }))?.trim() ?? ''
  }
  const base = await on(before, [])
  const sides = { ours: await on(ours, [base]), theirs: await on(theirs, [base]) }
  const merged = await merge(run, root, sides, signal)
  if (merged === null) return null
  const changes = await changesBetween(run, root, ours, merged.tree, signal)
  return { changes, unmerged: merged.unmerged, names: sides }
}

async function merge(
  run: Run,
  root: string,
  { ours, theirs }: Replay['names'],
  signal: AbortSignal | undefined,
): Promise<{ readonly tree: string; readonly unmerged: readonly Stage[] } | null> {
  // To renormalize is to run filters.
  const args = [
    '-c',
    'merge.renormalize=false',
    'merge-tree',
    '--write-tree',
    '-z',
    '--no-messages',
  ]
  const options = { signal, millisecondsMax: MERGE_MS_MAX, answerExit: 1 }
  const tooOld = { refusals: /usage: git merge-tree|unknown rev --write-tree/ }
  const answer = await run(root, [...args, ours, theirs], { ...options, ...tooOld })
  return answer === null || answer === '' ? null : parseMerged(answer)
}

/** `<tree> NUL (<mode> <id> <stage> TAB <path> NUL)*`, git-merge-tree(1), OUTPUT. */
function parseMerged(text: string): { readonly tree: string; readonly unmerged: readonly Stage[] } {
  const [tree = '', ...rest] = text.split('\0')
  const unmerged = rest.flatMap((record): Stage[] => {
    const [, mode, id, stage, path] = /^(\d{6}) ([0-9a-f]+) ([123])\t([^]+)$/.exec(record) ?? []
    if (mode === undefined || id === undefined || path === undefined) return []
    return [{ path, mode, id, stage: stage === '1' ? 1 : stage === '2' ? 2 : 3 }]
  })
  return { tree: tree.trim(), unmerged }
}

async function changesBetween(
  run: Run,
  root: string,
  before: string,
  after: string,
  signal: AbortSignal | undefined,
): Promise<readonly Replacement[]> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', before, after, '--']
  const parts = ((await run(root, args, { signal })) ?? '').split('\0')
  const changes: Replacement[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [was = '', is = '', wasId = '', isId = ''] = (parts[at] ?? '').slice(1).split(' ')
    changes.push({
      path: parts[at + 1] ?? '',
      before: was === ABSENT ? null : { mode: was, id: wasId },
      after: is === ABSENT ? null : { mode: is, id: isId },
    })
  }
  return changes
}

const ABSENT = '000000'
