// What all acts share: agents by name, ways to tell what they were answered, and a count of it. Nothing here knows an outcome
// before a daemon has said it; where the answer is not what the act needs, the demonstration ends with an error that says so.
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type OperationResult } from '../../../protocol/index.ts'
import type { DemoEvent, Holder, Tell, Totals } from '../events.ts'
import { until } from '../patience.ts'
import type { ClaimAnswer, ClaimFacts, DemoAgent, Scope } from '../scenery/agent.ts'
import type { AgentName, Scenery } from '../scenery/scenery.ts'

type Conflict = ClaimAnswer['conflicts'][number]

const WAIT_SECONDS = 120

export class Stage {
  readonly scenery: Scenery
  readonly #tell: Tell
  readonly #paceMs: number
  #toldAt = 0
  readonly #counts = { granted: 0, refused: 0, waited: 0, provisional: 0, pushed: 0 }

  /** @param paceMs from one thing told to the next, for eyes; the daemons do not wait. */
  constructor(scenery: Scenery, tell: Tell, paceMs: number) {
    this.scenery = scenery
    this.#tell = tell
    this.#paceMs = paceMs
  }

  async tell(event: DemoEvent): Promise<void> {
    const rest = this.#toldAt + this.#paceMs - performance.now()
    if (rest > 0)
      await delay(rest, undefined, { signal: this.scenery.signal }).catch(() => undefined)
    this.#toldAt = performance.now()
    await this.#tell(event)
  }

  totals(): Totals {
    return this.#counts
  }

  /** Asks for a claim, and tells the answer. @returns what was granted; empty when it was refused. */
  async claim(name: AgentName, scope: Scope, why: string): Promise<readonly ClaimFacts[]> {
    const agent = this.scenery.agent(name)
    const answer = await agent.claim(scope, why)
    if (answer.status === 'granted') await this.tellGranted(agent, scope, answer)
    else await this.tellRefused(agent, scope, answer)
    return answer.claims
  }

  /**
   * Asks for a claim and waits in the queue for it.
   * @returns once the place is known; `turn` is fulfilled when it was granted and told.
   */
  async wait(name: AgentName, scope: Scope, why: string): Promise<{ turn: Promise<void> }> {
    const agent = this.scenery.agent(name)
    const started = performance.now()
    const asked = agent.claim(scope, why, { wait_s: WAIT_SECONDS })
    const turn = asked.then(async (answer) => {
      const waited_s = secondsSince(started)
      require(answer.status === 'granted', `${name} was not granted ${scope.pattern} in turn`)
      this.#counts.waited++
      await this.tellGranted(agent, scope, answer, waited_s)
    })
    // Whoever awaits it hears of its failure; until then it is nobody's.
    turn.catch(() => undefined)
    const place = await Promise.race([this.#placeOf(agent, scope), turn])
    if (place !== undefined) {
      const behind = place.blocked_by.map(({ agent: by, pattern }) => ({ agent: by, pattern }))
      await this.tell({
        ...{ kind: 'claim.queued', position: place.position },
        ...asking(agent, scope),
        behind: await this.#holders(agent, behind),
      })
    }
    return { turn }
  }

  async tellGranted(
    agent: DemoAgent,
    scope: Scope,
    { claims, beside }: ClaimAnswer,
    waited_s?: number,
  ): Promise<void> {
    for (const { id, fence, description } of claims) {
      this.#counts.granted++
      await this.tell({
        ...{ kind: 'claim.granted', claim: id, fence, why: description },
        ...asking(agent, scope),
        ...(waited_s === undefined ? {} : { waited_s }),
        ...(beside.length === 0 ? {} : { beside: beside.map(besideText) }),
      })
    }
  }

  async tellRefused(agent: DemoAgent, scope: Scope, answer: ClaimAnswer): Promise<void> {
    this.#counts.refused++
    await this.tell({
      kind: 'claim.refused',
      ...asking(agent, scope),
      by: answer.conflicts.map(holderIn),
      options: answer.options.map(({ command }) => command),
    })
  }

  /** Commits a line in a file. */
  async work(name: AgentName, file: string, message: string): Promise<void> {
    const agent = this.scenery.agent(name)
    const commit = await agent.work(file, message)
    await this.tell({ kind: 'work.committed', ...whoIs(agent), path: file, commit, message })
  }

  /** Pushes to `main` through the fence, and tells how that ended. @returns whether it landed. */
  async push(name: AgentName): Promise<boolean> {
    const agent = this.scenery.agent(name)
    const { exit, output } = await agent.push()
    if (exit === 0) {
      this.#counts.pushed++
      const commit = await agent.head()
      await this.tell({ kind: 'push.landed', ...whoIs(agent), commit, branch: 'main' })
      return true
    }
    this.#counts.refused++
    const lines = output.split('\n').filter((line) => line.trim() !== '')
    const message = lines.find((line) => line.includes('held by')) ?? lines[0] ?? ''
    await this.tell({ kind: 'push.refused', ...whoIs(agent), exit, message: message.trim() })
    return false
  }

  countProvisional(): void {
    this.#counts.provisional++
  }

  countRefused(): void {
    this.#counts.refused++
  }

  #placeOf(agent: DemoAgent, scope: Scope) {
    return until(
      `${agent.name} has a place in the queue`,
      async () => {
        const { entries } = await agent.call('queue', { mine: true })
        return entries.find(({ patterns }) => patterns.includes(scope.pattern))
      },
      this.scenery.signal,
    )
  }

  /** Those in the way, as the list of claims tells them. */
  async #holders(
    agent: DemoAgent,
    behind: readonly { readonly agent: string; readonly pattern: string }[],
  ): Promise<readonly Holder[]> {
    const { claims } = await agent.call('claims')
    return claims
      .filter((claim) =>
        behind.some((one) => one.agent === claim.agent && one.pattern === claim.pattern),
      )
      .map(holderOf)
  }
}

export function asking(agent: DemoAgent, { pattern, symbol }: Scope) {
  return { ...whoIs(agent), pattern, ...(symbol === undefined ? {} : { symbol }) }
}

export function whoIs({ name, machine }: DemoAgent) {
  return { agent: name, machine: machine.name }
}

export function secondsSince(started: number): number {
  return Number(((performance.now() - started) / 1000).toFixed(1))
}

/** @throws SkeinError INTERNAL: what skein did is not what it promises, and the story cannot go on. */
export function require(isSo: boolean, otherwise: string): asserts isSo {
  if (isSo) return
  throw new SkeinError('INTERNAL', `Not as it should be: ${otherwise}.`, {
    hint: 'Report it, with the output of: skein demo --json --keep',
  })
}

function holderIn({ claim }: Conflict): Holder {
  return holderOf(claim)
}

function holderOf(claim: OperationResult<'claims'>['claims'][number]): Holder {
  const { agent, machine, pattern, description: why, expires_at } = claim
  return { agent, machine, pattern, why, until: expires_at }
}

function besideText({ agent, symbols }: ClaimAnswer['beside'][number]): string {
  return `${agent}: ${symbols.join(', ')}`
}
