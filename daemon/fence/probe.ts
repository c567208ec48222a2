// Can a remote fence? It is asked by doing: two refs of ours in one atomic push, and gone again. A remote that hides such refs,
// takes only branches and tags, or has no atomic push says so in its own words.
import type { UserGit } from '../git-user.ts'
import { findAddress } from './address.ts'
import { noteRemote } from './known.ts'
import { nonce, Remote, type Pushed } from './remote.ts'
import { firstWords, idLengthOf } from './sync.ts'
import { FENCE_REFS } from './token.ts'

export type Probed =
  | { readonly kind: 'fences'; readonly tokens: 'commit' | 'blob' }
  | { readonly kind: 'refuses'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string }

/** @param remote a remote's name or an address. @param commonDir where the clone remembers it. */
export async function probeRemote(
  git: UserGit,
  remote: string,
  url: string,
  commonDir: string,
): Promise<Probed> {
  const at = new Remote(git, await findAddress(git, remote, url))
  const listing = await at.list().catch((error: unknown) => String(error))
  if (typeof listing === 'string') return { kind: 'unreachable', why: listing }
  const idLength = idLengthOf(listing)
  let refusal = ''
  for (const kind of ['commit', 'blob'] as const) {
    const pushed = await tryOne(at, kind, idLength)
    if (pushed.code === 0) {
      noteRemote(commonDir, at.url, { refuses: null, askedAtMs: Date.now(), kind })
      return { kind: 'fences', tokens: kind }
    }
    refusal ||= whyOf(pushed)
  }
  noteRemote(commonDir, at.url, { refuses: refusal, askedAtMs: Date.now(), kind: 'commit' })
  return { kind: 'refuses', why: refusal }
}

async function tryOne(remote: Remote, kind: 'commit' | 'blob', idLength: number): Promise<Pushed> {
  const name = `${FENCE_REFS}probe/${nonce()}`
  const refs = [`${name}/a`, `${name}/b`]
  const id = await remote.write(`skein fence probe\n\n${name}\n`, kind, idLength)
  const options = ['--atomic']
  const leases = new Map(refs.map((ref) => [ref, null]))
  const pushed = await remote.push({ refspecs: refs.map((ref) => `${id}:${ref}`), leases, options })
  if (pushed.code === 0) {
    const refspecs = refs.map((ref) => `:${ref}`)
    await remote.push({ refspecs, leases: new Map(refs.map((ref) => [ref, id])), options })
  }
  return pushed
}

function whyOf(pushed: Pushed): string {
  return pushed.statuses.find(({ isOk }) => !isOk)?.why ?? firstWords(pushed)
}
