// The pre-push hook: the check of a fenced push for remotes that are not fenced. Through the helper it asks nothing, for the helper
// does. git gives the refs on stdin: `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` a line.
import { PREFIX } from '../fence/address.ts'
import type { UserGit } from '../git-user.ts'
import { changesOf, revisions, type Changes, type RefUpdate } from '../push/changes.ts'
import { publishedTips } from '../push/published.ts'

export function isFencedAddress(url: string): boolean {
  return url.startsWith(PREFIX)
}

export function pushedRefs(lines: string): readonly string[] {
  return lines.split('\n').flatMap((line) => updateIn(line)?.ref ?? [])
}

/** A text: why nobody can say what it changes. */
export async function pushedChanges(
  git: UserGit,
  remote: string,
  lines: string,
): Promise<Changes | string> {
  const updates = lines.split('\n').flatMap((line) => updateIn(line) ?? [])
  const forced = await Promise.all(updates.map((update) => withForce(git, update)))
  const tracked = await trackedTips(git, remote)
  const told = updates.flatMap(({ ref, old }) => (old === null ? [] : [[ref, old] as const]))
  const tips = new Map([...tracked, ...told])
  const published = await publishedTips(git, remote, { isEmpty: false })
  const found = await changesOf(git, forced, tips, published)
  if (found.kind === 'unknown')
    return 'this push takes away commits that are not here: git fetch first'
  return found.kind === 'found' ? found.changes : found.why
}

function updateIn(line: string): RefUpdate | null {
  const [, localId = '', ref = '', remoteId = ''] = line.split(' ')
  if (ref === '') return null
  return { ref, source: idIn(localId), old: idIn(remoteId), isForced: false }
}

function idIn(text: string): string | null {
  return /^0+$/.test(text) || text === '' ? null : text
}

/** git does not say whether a push is forced; one that loses commits is. */
async function withForce(git: UserGit, update: RefUpdate): Promise<RefUpdate> {
  const { old, source } = update
  if (old === null || source === null) return update
  const isHere = (await git.run(['cat-file', '-e', old])).code === 0
  const isForced = !isHere || (await revisions(git, [old], [source])).length > 0
  return { ...update, isForced }
}

/** Branches of the remote as last fetched, by their names there. */
async function trackedTips(
  git: UserGit,
  remote: string,
): Promise<readonly (readonly [string, string])[]> {
  // A remote that is given by its address has no refs of its own here.
  if (!/^[\w][\w./-]*$/.test(remote)) return []
  const folder = `refs/remotes/${remote}/`
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', folder]
  return (await git.read(args)).split('\n').flatMap((line): (readonly [string, string])[] => {
    const [id = '', ref = ''] = line.split(' ')
    const name = ref.slice(folder.length)
    return name === '' || name === 'HEAD' ? [] : [[`refs/heads/${name}`, id]]
  })
}
