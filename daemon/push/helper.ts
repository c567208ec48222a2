// The talk with git of a remote helper (gitremote-helpers(7)): lines on stdin, lines on stdout. A push is fenced; a fetch is handed
// to git as it is. What is ours on the remote is not shown to git: a mirror would delete it.
import type { UserGit } from '../git-user.ts'
import { ALIAS, aliasSetting, type Address } from '../fence/address.ts'
import type { Listing, Remote, RefStatus } from '../fence/remote.ts'
import { objectsOf, type RefUpdate } from './changes.ts'
import type { PushRequest } from './push.ts'

export interface HelperParts {
  readonly git: UserGit
  readonly address: Address
  readonly remote: Remote
  readonly lines: AsyncIterable<string>
  readonly answer: (text: string) => void
  readonly push: (
    request: PushRequest,
    listing: Listing,
    options: Options,
  ) => Promise<readonly RefStatus[]>
}

export interface Options {
  verbosity: number
  progress: boolean
  atomic: boolean
  dryRun: boolean
  readonly pushOptions: string[]
  /** `--signed`, as git names it. */
  signed: 'true' | 'if-asked' | 'false'
  /** `--receive-pack`. */
  receivePack: string | null
  readonly leases: Map<string, string | null>
  objectFormat: boolean
}

/** Serves git until it has nothing more to ask. @throws GitFailed when the remote cannot be asked. */
export async function serveGit(parts: HelperParts): Promise<void> {
  const options: Options = {
    verbosity: 1,
    progress: false,
    atomic: false,
    dryRun: false,
    pushOptions: [],
    signed: 'false',
    receivePack: null,
    leases: new Map(),
    objectFormat: false,
  }
  let listing: Listing | null = null
  let batch: string[] = []
  for await (const line of parts.lines) {
    const [word = ''] = line.split(' ', 1)
    const rest = line.slice(word.length + 1)
    if (word === 'capabilities') parts.answer('option\nfetch\npush\nobject-format\n\n')
    else if (word === 'option') parts.answer(`${setOption(options, rest)}\n`)
    else if (word === 'list') {
      listing = await parts.remote.list()
      parts.answer(listed(listing, options))
    } else if (word === 'push' || word === 'fetch') batch.push(line)
    else if (line === '' && batch.length > 0) {
      const [first = ''] = batch
      if (first.startsWith('fetch ')) await fetchAll(parts, batch, options)
      else await pushAll(parts, batch, options, (listing ??= await parts.remote.list()))
      batch = []
    } else if (line === '') return
    else throw new Error(`git asks the helper for what it does not know: ${line}`)
  }
}

function listed({ refs, head }: Listing, { objectFormat }: Options): string {
  const lines = [...refs].flatMap(([ref, id]) => {
    if (ref.endsWith('^{}')) return []
    return ref === 'HEAD' && head !== null ? [`@${head} HEAD`] : [`${id} ${ref}`]
  })
  const format = [...refs.values()][0]?.length === 64 ? 'sha256' : 'sha1'
  const said = objectFormat ? [`:object-format ${format}`] : []
  return [...said, ...lines, '', ''].join('\n')
}

function setOption(options: Options, text: string): 'ok' | 'unsupported' {
  const space = text.indexOf(' ')
  const name = space < 0 ? text : text.slice(0, space)
  const value = unquote(space < 0 ? '' : text.slice(space + 1))
  switch (name) {
    case 'verbosity':
      options.verbosity = Number(value)
      return 'ok'
    case 'progress':
      options.progress = value === 'true'
      return 'ok'
    case 'atomic':
      options.atomic = value === 'true'
      return 'ok'
    case 'dry-run':
      options.dryRun = value === 'true'
      return 'ok'
    case 'object-format':
      options.objectFormat = true
      return 'ok'
    case 'force':
      // Each ref says so for itself.
      return 'ok'
    case 'force-if-includes':
      // git has compared before it asks: beside leases on ids, as ours are, it means nothing more.
      return 'ok'
    case 'pushcert':
      options.signed = value === 'true' || value === 'if-asked' ? value : 'false'
      return 'ok'
    case 'servpath':
      options.receivePack = value
      return 'ok'
    case 'push-option':
      options.pushOptions.push(value)
      return 'ok'
    case 'cas': {
      const colon = value.lastIndexOf(':')
      const id = value.slice(colon + 1)
      options.leases.set(value.slice(0, colon), /^0*$/.test(id) ? null : id)
      return 'ok'
    }
    default:
      return 'unsupported'
  }
}

/** A text as git's quote_c_style makes it; others stand as they are. */
export function unquote(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text
  const bytes: number[] = []
  for (let at = 1; at < text.length - 1; at++) {
    const sign = text.charAt(at)
    if (sign !== '\\') {
      bytes.push(...Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0)))
      if ((text.codePointAt(at) ?? 0) > 0xffff) at++
      continue
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0]
    if (octal !== undefined) {
      bytes.push(parseInt(octal, 8))
      at += 3
      continue
    }
    const next = text.charAt(++at)
    bytes.push(ESCAPES[next] ?? next.charCodeAt(0))
  }
  return Buffer.from(bytes).toString('utf8')
}

const ESCAPES: Readonly<Record<string, number>> = {
  ...{ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 },
}

/** A text that git reads back with unquote. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')
  return `"${escaped}"`
}

async function pushAll(
  parts: HelperParts,
  batch: readonly string[],
  options: Options,
  listing: Listing,
): Promise<void> {
  const asked = batch.map((line) => parseRefspec(line.slice('push '.length)))
  const objects = await objectsOf(parts.git, [...new Set(asked.flatMap(({ name }) => name ?? []))])
  const unclear = asked.find(({ name }) => name !== null && (objects.get(name) ?? null) === null)
  if (unclear !== undefined) {
    const why = `skein: ${unclear.name ?? ''} does not mean one object`
    parts.answer([...asked.map(({ ref }) => `error ${ref} ${quote(why)}`), '', ''].join('\n'))
    return
  }
  const updates = asked.map(({ ref, name, isForced }): RefUpdate => {
    const source = name === null ? null : (objects.get(name) ?? null)
    return { ref, source, old: listing.refs.get(ref) ?? null, isForced }
  })
  const quiet = options.verbosity <= 0 ? ['--quiet'] : []
  const loud = options.verbosity > 1 ? ['--verbose'] : []
  const request: PushRequest = {
    updates,
    refspecs: updates.map(
      ({ ref, source, isForced }) => `${isForced ? '+' : ''}${source ?? ''}:${ref}`,
    ),
    isAtomic: options.atomic,
    isDryRun: options.dryRun,
    leases: options.leases,
    options: [
      ...(options.dryRun ? ['--dry-run'] : []),
      ...(options.progress ? ['--progress'] : []),
      ...(quiet.length > 0 ? quiet : loud),
      ...(options.signed === 'false' ? [] : [`--signed=${options.signed}`]),
      ...(options.receivePack === null ? [] : [`--receive-pack=${options.receivePack}`]),
      ...options.pushOptions.map((value) => `--push-option=${value}`),
    ],
  }
  const statuses = await parts.push(request, listing, options)
  const lines = statuses.map(({ ref, isOk, why }) =>
    isOk ? `ok ${ref}` : `error ${ref} ${quote(why)}`,
  )
  parts.answer([...lines, '', ''].join('\n'))
}

interface Refspec {
  readonly ref: string
  /** Null deletes the ref. */
  readonly name: string | null
  readonly isForced: boolean
}

/** The name may have colons in it (`:/text`, `HEAD^{/a: b}`), the ref has none. */
function parseRefspec(refspec: string): Refspec {
  const isForced = refspec.startsWith('+')
  const text = isForced ? refspec.slice(1) : refspec
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw new Error(`git pushes what is no refspec: ${refspec}`)
  const name = text.slice(0, colon)
  return { ref: text.slice(colon + 1), name: name === '' ? null : name, isForced }
}

async function fetchAll(
  { git, address, answer }: HelperParts,
  batch: readonly string[],
  { verbosity }: Options,
): Promise<void> {
  const refs = batch.map((line) => line.split(' ').slice(2).join(' '))
  const plain = ['--no-write-fetch-head', '--no-tags', '--refmap=', '--recurse-submodules=no']
  const quiet = verbosity <= 0 ? ['--quiet'] : []
  await git.read(['fetch', ...plain, ...quiet, '--stdin', '--', ALIAS], {
    settings: [aliasSetting(address)],
    input: refs.map((ref) => `${ref}\n`).join(''),
  })
  answer('\n')
}
