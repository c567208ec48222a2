// One remote, as the fence needs it: its refs, the texts of its tokens, new objects for it, and one atomic push. Everything
// goes through the user's own git.
import { randomBytes } from 'node:crypto'
import type { UserGit } from '../git-user.ts'
import { ALIAS, aliasSetting, type Address } from './address.ts'
import { commitText, fenceOfRef, FENCE_REFS, LEDGER_REF } from './token.ts'

export interface Listing {
  /** All refs but ours, with `HEAD`; peeled tags as git lists them. */
  readonly refs: ReadonlyMap<string, string>
  /** `HEAD` is this branch. */
  readonly head: string | null
  readonly tokens: ReadonlyMap<number, string>
  readonly ledger: string | null
}

/** One ref's way in a push, as `git push --porcelain` tells it. */
export interface RefStatus {
  readonly ref: string
  readonly isOk: boolean
  /** Of a refusal, in git's or the remote's words. */
  readonly why: string
}

export interface PushSpec {
  readonly refspecs: readonly string[]
  /** Ref to the object that it must have now; null: it must not be there. */
  readonly leases: ReadonlyMap<string, string | null>
  readonly options: readonly string[]
  readonly onStderr?: (text: string) => void
}

export interface Pushed {
  readonly code: number
  readonly statuses: readonly RefStatus[]
  readonly stderr: string
}

export class Remote {
  readonly #git: UserGit
  readonly #address: Address

  constructor(git: UserGit, address: Address) {
    this.#git = git
    this.#address = address
  }

  get url(): string {
    return this.#address.url
  }

  /** @throws GitFailed when the remote cannot be asked. */
  async list(): Promise<Listing> {
    const text = await this.#git.read(['ls-remote', '--symref', '--', ALIAS], this.#settings())
    return parseListing(text)
  }

  /** The texts of objects by id; those that are not here are fetched by their refs. One that cannot be had is left out. */
  async texts(wanted: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(wanted.values())]
    const here = await this.textsHere(ids)
    const away = [...wanted].filter(([, id]) => !here.has(id)).map(([ref]) => ref)
    if (away.length === 0) return here
    const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance']
    const plain = ['--refmap=', '--recurse-submodules=no', '--stdin']
    await this.#git.run(['fetch', ...quiet, ...plain, '--', ALIAS], {
      ...this.#settings(),
      input: away.map((ref) => `${ref}\n`).join(''),
    })
    return this.textsHere(ids)
  }

  /** The texts of those that are here. */
  async textsHere(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map()
    const input = ids.map((id) => `${id}\n`).join('')
    const env = { GIT_NO_LAZY_FETCH: '1' }
    return parseBatch(await this.#git.read(['cat-file', '--batch'], { input, env }))
  }

  /** Makes an object whose text is this. */
  async write(text: string, kind: 'commit' | 'blob', idLength: number): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const input = kind === 'blob' ? text : commitText(text, idLength, now)
    return (await this.#git.read(['hash-object', '-t', kind, '-w', '--stdin'], { input })).trim()
  }

  /** All of it or nothing, where `options` say `--atomic`. Does not throw for what the remote says. */
  async push(spec: PushSpec): Promise<Pushed> {
    const leases = [...spec.leases].map(([ref, id]) => `--force-with-lease=${ref}:${id ?? ''}`)
    const { receivePack } = this.#address
    const args = [
      'push',
      ...['--porcelain', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'],
      ...(receivePack === null ? [] : [`--receive-pack=${receivePack}`]),
      ...spec.options,
      ...leases,
      '--',
      ALIAS,
      ...spec.refspecs,
    ]
    const { onStderr } = spec
    const told = onStderr === undefined ? {} : { onStderr }
    const ran = await this.#git.run(args, { ...this.#settings(), ...told })
    return { code: ran.code, statuses: parseStatuses(ran.stdout), stderr: ran.stderr }
  }

  #settings(): { readonly settings: readonly (readonly [string, string])[] } {
    return { settings: [aliasSetting(this.#address), ['push.gpgSign', 'false']] }
  }
}

/** For texts that must each be another. */
export function nonce(): string {
  return randomBytes(12).toString('hex')
}

export function parseListing(text: string): Listing {
  const refs = new Map<string, string>()
  const tokens = new Map<number, string>()
  let ledger: string | null = null
  let head: string | null = null
  for (const line of text.split('\n')) {
    const [id = '', ref = ''] = line.split('\t')
    if (id.startsWith('ref: ')) {
      if (ref === 'HEAD') head = id.slice('ref: '.length)
      continue
    }
    const fence = fenceOfRef(ref)
    if (ref === LEDGER_REF) ledger = id
    else if (fence !== null) tokens.set(fence, id)
    else if (ref !== '' && !ref.startsWith(FENCE_REFS)) refs.set(ref, id)
  }
  return { refs, head, tokens, ledger }
}

/** Lines of `FLAG<tab>FROM:TO<tab>SUMMARY`. */
export function parseStatuses(text: string): readonly RefStatus[] {
  return text.split('\n').flatMap((line) => {
    const [flag = '', names = '', summary = ''] = line.split('\t')
    if (!/^[ +\-*!=]$/.test(flag) || names === '') return []
    const ref = names.slice(names.indexOf(':') + 1)
    const why = /\((.*)\)$/.exec(summary)?.[1] ?? summary
    return [{ ref, isOk: flag !== '!', why }]
  })
}

/** Of commits the message, of blobs the whole. */
function parseBatch(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) break
    const [id = '', kind = '', size] = bytes.toString('utf8', at, end).split(' ')
    at = end + 1
    if (kind !== 'commit' && kind !== 'blob' && kind !== 'tag' && kind !== 'tree') continue
    const body = bytes.toString('utf8', at, at + Number(size))
    at += Number(size) + 1
    found.set(id, kind === 'commit' ? body.slice(body.indexOf('\n\n') + 2) : body)
  }
  return found
}
