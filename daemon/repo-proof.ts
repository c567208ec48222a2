// How a machine shows that it has a repository: a member asks it for keyed hashes of files out of the history that both
// share, and only who has the files can make them. Nothing of a file leaves either machine, nothing is fetched, and what
// the other side says is bounded before it is believed.
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { SkeinError, type PeerId } from '../protocol/index.ts'
import { isObjectId, type GitObjects, type ObjectReader } from './git-objects.ts'
import type { History } from './git-history.ts'
import { TREE_DEPTH_MAX, Trees, type TreeEntry } from './git-tree.ts'
import type { Checkout, Git } from './git.ts'

/** Newcomer to member: a sample of its history. */
export interface ProofOffer {
  /** At most 64. */
  readonly commits: readonly string[]
}

/** Member to newcomer. */
export interface ProofQuestion {
  /** 32 bytes of chance as hex, for this one question. */
  readonly nonce: string
  /** Files of the shared history, each another one: 16, or as many as there are. */
  readonly pairs: readonly { readonly commit: string; readonly path: string }[]
}

/**
 * All of these throw as those of Git do, and INPUT_SCHEMA for an offer or a question that breaks the bounds.
 * @param root a checkout's root.
 */
export interface RepoProof {
  /** @throws SkeinError REPO_FOREIGN for a repository without a commit: nothing can show that it is the same one. */
  offer(root: string, signal?: AbortSignal): Promise<ProofOffer>
  /**
   * Null when no commit of the offer is known here.
   * @throws SkeinError REPO_FOREIGN for a repository without a commit, or without a file to ask about.
   */
  question(root: string, offer: ProofOffer, signal?: AbortSignal): Promise<ProofQuestion | null>
  /** HMAC-SHA256 of each file under the nonce, as hex, in order; null for what is not on this disk. */
  answer(
    root: string,
    question: ProofQuestion,
    signal?: AbortSignal,
  ): Promise<readonly (string | null)[]>
  /** Are all answers right? The question is the one that was asked, out of this machine's memory, and is asked once. */
  verify(
    root: string,
    question: ProofQuestion,
    answers: readonly (string | null)[],
    signal?: AbortSignal,
  ): Promise<boolean>
}

export function createRepoProof(
  git: Pick<Git, 'findCheckout' | 'rootCommits'>,
  history: Pick<History, 'trunk'>,
  objects: GitObjects,
): RepoProof {
  const answer: RepoProof['answer'] = async (root, question, signal) => {
    const { nonce, pairs } = believe(questionSchema, question, 'question')
    return objects.withReader(root, signal, (reader) => answerPairs(reader, nonce, pairs))
  }
  return {
    answer,
    async offer(root, signal) {
      const checkout = await checkoutAt(git, root, signal)
      const { commits: roots } = await git.rootCommits(checkout, signal)
      const trunk = await history.trunk(checkout, null)
      const trunkRef = trunk === null ? [] : [trunk.remote ?? `refs/heads/${trunk.branch}`]
      const commits: string[] = []
      for (const ref of ['HEAD', ...trunkRef]) {
        commits.push(...thinOut(await objects.mainLine(root, ref, LINE_COMMITS_MAX, signal)))
      }
      const sample = [...new Set([...commits, ...roots])].slice(0, OFFERED_MAX)
      if (sample.length === 0) throw noCommit(root)
      return { commits: sample }
    },
    async question(root, offer, signal) {
      const { commits } = believe(offerSchema, offer, 'offer')
      const known = await objects.withReader(root, signal, (reader) => knownOf(reader, commits))
      if (known.length === 0) {
        const { commits: roots, isShallow } = await git.rootCommits(
          await checkoutAt(git, root, signal),
          signal,
        )
        if (roots.length === 0 && !isShallow) throw noCommit(root)
        return null
      }
      const shared = await objects.ancestors(root, known, SHARED_MAX, signal)
      const pairs = await objects.withReader(root, signal, (reader) => choosePairs(reader, shared))
      if (pairs.length === 0) throw nothingToAsk(root)
      return { nonce: randomBytes(NONCE_BYTES).toString('hex'), pairs }
    },
    async verify(root, question, answers, signal) {
      const expected = await answer(root, question, signal)
      if (!Array.isArray(answers) || answers.length !== expected.length) return false
      const right = expected.filter((hash, at) => isSame(hash, answers[at]))
      return expected.length > 0 && right.length === expected.length
    },
  }
}

/**
 * The question as this newcomer has to answer it: its answers are worth nothing to anybody else, so nobody can have a machine that
 * is just showing what it has show it on their behalf.
 */
export function boundTo({ nonce, pairs }: ProofQuestion, newcomer: PeerId): ProofQuestion {
  const key = Buffer.from(nonce, 'hex')
  return { nonce: createHmac('sha256', key).update(newcomer).digest('hex'), pairs }
}

/** Roots, and two lines of commits at distances that double. */
const OFFERED_MAX = 64
const PAIRS_MAX = 16
const NONCE_BYTES = 32
/** The longest path that Linux takes. */
const PATH_CHARACTERS_MAX = 4_096
/** So far back a main line is looked at: past that, only the roots speak for it. */
const LINE_COMMITS_MAX = 65_537
/** The newest commits that both have: enough to choose from, read in a moment. */
const SHARED_MAX = 20_000
/** Larger files are not asked about. */
const BLOB_BYTES_MAX = 1_048_576
/** Shorter ones might be guessed: they are asked about only where there are no others. */
const BLOB_BYTES_GOOD = 64
/** Twenty for each pair; a tiny repository has no more than some of these find. */
const DRAWS_MAX = 320

const objectId = z.string().refine(isObjectId)
const offerSchema = z.object({ commits: z.array(objectId).max(OFFERED_MAX) })
const questionSchema = z.object({
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  pairs: z
    .array(
      z.object({
        commit: objectId,
        path: z
          .string()
          .min(1)
          .max(PATH_CHARACTERS_MAX)
          .regex(/^[^\0]*$/),
      }),
    )
    .max(PAIRS_MAX),
})

/** What the other side said, once it is what it must be. */
function believe<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new SkeinError('INPUT_SCHEMA', `The ${what} of a repository's proof is malformed.`, {
    hint: 'Upgrade skein on both machines.',
    data: { fields: parsed.error.issues.slice(0, 3).map(({ path }) => path.join('.')) },
  })
}

async function checkoutAt(
  git: Pick<Git, 'findCheckout'>,
  root: string,
  signal: AbortSignal | undefined,
): Promise<Checkout> {
  const checkout = await git.findCheckout(root, signal)
  if (checkout !== null) return checkout
  throw new SkeinError('REPO_NOT_GIT', `${root} is not inside a git repository.`)
}

/** The first of a line, then those at distances that double, and the last. */
function thinOut(line: readonly string[]): readonly string[] {
  const isFar = (at: number): boolean => (at & (at - 1)) === 0 || at === line.length - 1
  return line.filter((_, at) => isFar(at))
}

async function knownOf(
  reader: ObjectReader,
  commits: readonly string[],
): Promise<readonly string[]> {
  const trees = new Trees(reader)
  const known: string[] = []
  for (const commit of new Set(commits)) {
    if ((await trees.rootOf(commit)) !== null) known.push(commit)
  }
  return known
}

interface Drawn {
  readonly pair: ProofQuestion['pairs'][number]
  readonly blob: string
}

/** Files with different contents: to ask for one content twice would prove nothing more. */
async function choosePairs(
  reader: ObjectReader,
  commits: readonly string[],
): Promise<ProofQuestion['pairs']> {
  const trees = new Trees(reader)
  const seen = new Set<string>()
  const good: Drawn['pair'][] = []
  const short: Drawn['pair'][] = []
  for (let draws = 0; draws < DRAWS_MAX && good.length < PAIRS_MAX; draws++) {
    const drawn = await drawFile(trees, pick(commits))
    if (drawn === null || seen.has(drawn.blob)) continue
    seen.add(drawn.blob)
    const bytes = (await reader.read(drawn.blob, 'blob', BLOB_BYTES_MAX))?.length ?? 0
    // An empty file is known to everybody.
    if (bytes > 0) (bytes < BLOB_BYTES_GOOD ? short : good).push(drawn.pair)
  }
  return [...good, ...short].slice(0, PAIRS_MAX)
}

/** A file of a commit by chance, folder by folder. Null where that leads to none. */
async function drawFile(trees: Trees, commit: string | undefined): Promise<Drawn | null> {
  if (commit === undefined) return null
  const names: string[] = []
  let tree = await trees.rootOf(commit)
  while (tree !== null && names.length < TREE_DEPTH_MAX) {
    const entry: TreeEntry | undefined = pick(await trees.entriesOf(tree))
    const name = entry === undefined ? null : textOf(entry.name)
    if (entry === undefined || name === null) return null
    names.push(name)
    const path = names.join('/')
    if (path.length > PATH_CHARACTERS_MAX) return null
    if (entry.kind === 'blob') return { pair: { commit, path }, blob: entry.id }
    tree = entry.kind === 'tree' ? entry.id : null
  }
  return null
}

function pick<Value>(values: readonly Value[]): Value | undefined {
  return values.length === 0 ? undefined : values[randomInt(values.length)]
}

/** Null for a name that a question cannot say: git's names are bytes. */
function textOf(name: Buffer): string | null {
  const text = name.toString('utf8')
  return Buffer.from(text).equals(name) ? text : null
}

async function answerPairs(
  reader: ObjectReader,
  nonce: string,
  pairs: ProofQuestion['pairs'],
): Promise<readonly (string | null)[]> {
  const trees = new Trees(reader)
  const key = Buffer.from(nonce, 'hex')
  const answers: (string | null)[] = []
  for (const { commit, path } of pairs) {
    const id = await trees.blobAt(commit, path)
    const blob = id === null ? null : await reader.read(id, 'blob', BLOB_BYTES_MAX)
    answers.push(blob === null ? null : createHmac('sha256', key).update(blob).digest('hex'))
  }
  return answers
}

function isSame(expected: string | null, answer: unknown): boolean {
  if (expected === null || typeof answer !== 'string') return false
  const [wanted, given] = [Buffer.from(expected), Buffer.from(answer)]
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}

function noCommit(root: string): SkeinError {
  return new SkeinError(
    'REPO_FOREIGN',
    `${root} has no commit yet: nothing can show that it is the same repository.`,
    { hint: 'git pull, or make the first commit and push it.', data: { root } },
  )
}

function nothingToAsk(root: string): SkeinError {
  return new SkeinError(
    'REPO_FOREIGN',
    `${root} has no file in the shared history that could be asked about.`,
    { hint: 'Commit a file that is not empty, and pull it on both machines.', data: { root } },
  )
}
