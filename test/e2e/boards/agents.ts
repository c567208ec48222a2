// Agents that do at random whatever changes what a board shows: claims of files, folders, declarations and resources, waits,
// requests and their answers; by a seed, each agent with an order of its own.
import type { OperationName, OperationResult } from '../../../protocol/index.ts'
import type { Answer, ClaimJson } from '../../helpers/api.ts'
import { FILES, REPO, type Machine } from '../../helpers/mesh.ts'

/** Files with declarations, beside those of the helper. */
export const CODE = ['src/code-0.ts', 'src/code-1.ts', 'src/code-2.ts']
export const DECLARATIONS = ['one', 'two', 'three']

/** Few enough that agents meet. */
const PLACES = [...FILES, ...CODE, 'docs/a.md', 'docs/b.md']
const FOLDERS = ['docs/**', 'lib/**', 'docs/**/*.md', 'src/file-1*.ts']
/** Some end while the run goes on. */
const SHORT_SECONDS = 12
/** Longer than the run: a place ends by a grant, or by a cancel. */
const WAIT_SECONDS = 500
/** A mesh of two cores is to be busy, not full of waiters. */
const WAITS_MAX = 2

export class RandomAgent {
  readonly name: string
  readonly machine: Machine
  readonly #random: () => number
  readonly #counts: Record<string, number>
  #waits = 0

  /** @param counts of all agents: how often what was answered how. */
  constructor(
    machine: Machine,
    name: string,
    random: () => number,
    counts: Record<string, number>,
  ) {
    this.machine = machine
    this.name = name
    this.#random = random
    this.#counts = counts
  }

  /** One operation, and its answer; a wait goes on beside. */
  async act(): Promise<void> {
    const { claims } = await this.machine.must('claims', { repo: REPO })
    const own = claims.filter(({ session }) => session === this.name)
    const others = claims.filter(({ session }) => session !== this.name)
    const acts: readonly [number, () => Promise<void>][] = [
      [own.length > 4 ? 10 : 34, () => this.#claim()],
      [10, () => this.#wait()],
      [own.length > 4 ? 40 : 16, () => this.#release(own)],
      [9, () => this.#renew(own)],
      [8, () => this.#narrow(own)],
      [6, () => this.#cancel()],
      [7, () => this.#request(others)],
      [10, () => this.#respond()],
    ]
    let rest = this.#random() * acts.reduce((sum, [weight]) => sum + weight, 0)
    const found = acts.find(([weight]) => (rest -= weight) < 0)
    await found?.[1]()
  }

  /** A claim that stands in nobody's way; without a majority it is noted. */
  async note(pattern: string): Promise<void> {
    await this.#call('claim', { scopes: [{ kind: 'file', pattern }], provisional: true })
  }

  async #claim(scopes = this.#scopes()): Promise<void> {
    await this.#call('claim', {
      ...{ scopes, provisional: this.#chance(0.6) },
      description: `of ${this.name}`,
      ...(this.#chance(0.15) ? { ttl_s: SHORT_SECONDS } : {}),
    })
  }

  #scopes(): readonly object[] {
    const mode = this.#chance(0.15) ? 'shared' : 'exclusive'
    const dice = this.#random()
    if (dice < 0.08) return [{ kind: 'file', pattern: this.#pick(FOLDERS), mode }]
    if (dice < 0.14) return [{ kind: 'resource', pattern: `port-${this.#pick(['1', '2'])}` }]
    if (dice < 0.3) {
      const symbols = [this.#pick(DECLARATIONS)]
      return [{ kind: 'symbol', pattern: this.#pick(CODE), symbols }]
    }
    const count = dice < 0.4 ? 2 : 1
    const files = Array.from({ length: count }, () => this.#pick(PLACES))
    return [...new Set(files)].map((pattern) => ({ kind: 'file', pattern, mode }))
  }

  /** Its answer comes when somebody else makes way, or never. */
  async #wait(): Promise<void> {
    if (this.#waits >= WAITS_MAX) {
      await this.#cancel()
      return
    }
    this.#waits++
    const urgency = this.#pick(['low', 'normal', 'high', 'blocking'])
    const scopes = this.#scopes()
    const answered = this.#call('claim', { scopes, urgency, wait_s: WAIT_SECONDS })
    const ended = answered
      // At the end of the run its daemon is gone.
      .catch(() => undefined)
      .finally(() => this.#waits--)
    // Until it is answered, or is seen to wait.
    await Promise.race([ended, this.#seenWaiting()])
  }

  async #seenWaiting(): Promise<void> {
    const before = (await this.#places()).length
    for (let looks = 0; looks < 20; looks++) if ((await this.#places()).length > before) return
  }

  async #release(own: readonly ClaimJson[]): Promise<void> {
    if (own.length === 0) await this.#claim()
    else await this.#call('release', { ids: [this.#pick(own).id] })
  }

  async #renew(own: readonly ClaimJson[]): Promise<void> {
    const more = this.#chance(0.5) ? { ttl_s: 3_600 } : {}
    await this.#call('renew', { ids: own.map(({ id }) => id).slice(0, 2), ...more })
  }

  async #narrow(own: readonly ClaimJson[]): Promise<void> {
    const wide = own.find(({ pattern }) => pattern.endsWith('/**'))
    if (wide === undefined) await this.#claim([{ kind: 'file', pattern: this.#pick(FOLDERS) }])
    else {
      const patterns = [wide.pattern.replace('**', this.#pick(['a.md', 'b.md']))]
      await this.#call('narrow', { id: wide.id, patterns })
    }
  }

  async #cancel(): Promise<void> {
    const places = await this.#places()
    if (places.length === 0) await this.#claim()
    else await this.#call('cancel', { ids: [this.#pick(places).id] })
  }

  async #places(): Promise<OperationResult<'queue'>['entries']> {
    return (await this.machine.must('queue', { ...this.#who(), mine: true })).entries
  }

  async #request(others: readonly ClaimJson[]): Promise<void> {
    if (others.length === 0) await this.#claim()
    else await this.#call('request', { claim: this.#pick(others).id, reason: 'it is needed' })
  }

  async #respond(): Promise<void> {
    const { requests } = await this.machine.must('inbox', this.#who())
    const [asked] = requests
    if (asked === undefined) {
      await this.#claim()
      return
    }
    const decision = this.#pick(['approve', 'deny', 'coexist', 'narrow'] as const)
    const isWithPattern = decision === 'coexist' || decision === 'narrow'
    const patterns = isWithPattern ? { patterns: [asked.pattern ?? this.#pick(FILES)] } : {}
    await this.#call('respond', { request: asked.id, decision, ...patterns, note: 'well' })
  }

  #who() {
    return { cwd: this.machine.cwd, session: this.name, agent: this.name }
  }

  async #call(name: OperationName, input: object): Promise<void> {
    const answer = await this.machine.client.call(name, { ...this.#who(), ...input })
    const key = `${name} ${outcomeOf(answer)}`
    this.#counts[key] = (this.#counts[key] ?? 0) + 1
    if (answer.error?.exit === 70)
      throw new Error(`${name} of ${this.name} failed: ${JSON.stringify(answer.error)}`)
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

function outcomeOf({ result, error }: Answer<unknown>): string {
  if (error !== null) return error.code
  const isTold = typeof result === 'object' && result !== null && 'status' in result
  return isTold ? String(result.status) : 'done'
}
