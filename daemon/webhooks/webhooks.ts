// Webhooks: every event of this machine's ledgers, sent to the addresses of config.yml, at least once and in the order of each
// log. What tells them anything is the audit log; the feed only says that there is something new.
import { randomUUID } from 'node:crypto'
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import { webhookName } from '../config-schema.ts'
import type { Config } from '../config.ts'
import type { Feed } from '../feed.ts'
import type { LedgerHost } from '../ledger-host.ts'
import type { Log } from '../log.ts'
import { MESH } from '../mesh/ledger.ts'
import type { Clock } from '../ports.ts'
import { tellPullRequests, TOLD_KIND } from './comment.ts'
import { tryForge, type Forge } from './forge.ts'
import { Lane, type LaneState } from './lane.ts'
import { messageOf, type TestEvent } from './message.ts'
import { post, type Posted } from './post.ts'
import { openProgress, type ProgressStore } from './progress.ts'

export interface WebhookState {
  readonly name: string
  /** Without credentials and query, which may be secrets. */
  readonly url: string
  readonly isSigned: boolean
  readonly forge: Forge['kind'] | null
  readonly events: readonly string[]
  readonly lanes: ReadonlyMap<string, LaneState>
}

export interface Webhooks {
  list(): readonly WebhookState[]
  /** Sends an event that is none. @throws SkeinError NOT_FOUND */
  test(name: string): Promise<Posted>
  /** Goes on at once, and sends anew what was given up. @throws SkeinError NOT_FOUND */
  retry(name: string): Promise<number>
  /** Forgets what waits and what was given up; events from now on are sent. @throws SkeinError NOT_FOUND */
  purge(name: string): void
  stop(): Promise<void>
}

export interface WebhooksOptions {
  readonly home: string
  readonly machine: string
  readonly config: Pick<Config, 'webhooks'>
  readonly repos: { all(): Iterable<{ readonly id: string; readonly host: LedgerHost | null }> }
  readonly mesh: LedgerHost
  readonly feed: Pick<Feed, 'watch'>
  readonly clock: Pick<Clock, 'wall'>
  readonly log: Pick<Log, 'warn'>
  /** Where the tokens of forges stand. */
  readonly env: NodeJS.ProcessEnv
  readonly random: () => number
}

type Hook = Config['webhooks'][number]
type NotPosted = Extract<Posted, { readonly ok: false }>

/** Null: all. */
function kindsOf({ forge, events }: Hook): readonly string[] | null {
  return forge === undefined ? (events ?? null) : [TOLD_KIND]
}

export function startWebhooks(options: WebhooksOptions): Webhooks {
  return new Sender(options)
}

class Sender implements Webhooks {
  readonly #options: WebhooksOptions
  readonly #store: ProgressStore
  /** By the webhook's name and the ledger's. */
  readonly #lanes = new Map<string, Map<string, Lane>>()
  readonly #stopWatching: () => void
  readonly #end = new AbortController()

  constructor(options: WebhooksOptions) {
    this.#options = options
    this.#store = openProgress(options.home)
    for (const hook of options.config.webhooks) {
      this.#lanes.set(webhookName(hook), new Map())
      for (const ledger of this.#ledgers()) this.#open(hook, ledger, 'now')
    }
    this.#stopWatching =
      options.config.webhooks.length === 0 ? () => undefined : options.feed.watch(this.#take)
  }

  list(): readonly WebhookState[] {
    return this.#options.config.webhooks.map((hook) => {
      const lanes = [...(this.#lanes.get(webhookName(hook)) ?? [])]
      const { protocol, host, pathname } = new URL(hook.url)
      return {
        name: webhookName(hook),
        url: `${protocol}//${host}${pathname}`,
        isSigned: hook.secret !== undefined,
        forge: hook.forge ?? null,
        events: kindsOf(hook) ?? [],
        lanes: new Map(lanes.map(([ledger, lane]) => [ledger, lane.state()])),
      }
    })
  }

  async test(name: string): Promise<Posted> {
    const { machine, clock } = this.#options
    const hook = this.#hook(name)
    if (hook.forge !== undefined) {
      const forge = this.#forge(hook, hook.forge)
      return 'problem' in forge ? forge : tryForge(forge, this.#end.signal)
    }
    const event: TestEvent = {
      id: `test_${randomUUID()}`,
      kind: 'webhook.test',
      at: new Date(clock.wall()).toISOString(),
      machine,
      data: { name },
    }
    return post(
      new URL(hook.url),
      messageOf(event, event.id, hook.secret ?? null),
      this.#end.signal,
    )
  }

  async retry(name: string): Promise<number> {
    this.#hook(name)
    let taken = 0
    for (const [ledger, lane] of this.#lanes.get(name) ?? []) {
      lane.hurry()
      taken += await lane.retryFailed((id) => this.#find(ledger, id))
    }
    return taken
  }

  purge(name: string): void {
    this.#hook(name)
    for (const lane of this.#lanes.get(name)?.values() ?? []) {
      lane.purge()
    }
  }

  async stop(): Promise<void> {
    this.#stopWatching()
    this.#end.abort()
    const lanes = [...this.#lanes.values()].flatMap((own) => [...own.values()])
    await Promise.all(lanes.map((lane) => lane.stop()))
  }

  readonly #take = (event: AuditEvent): void => {
    for (const hook of this.#options.config.webhooks) {
      const known = this.#lanes.get(webhookName(hook))?.get(event.repo)
      // A repository that came after the start: all of its log is news.
      if (known === undefined) this.#open(hook, event.repo, 'beginning')
      else known.take(event)
    }
  }

  #open(hook: Hook, ledger: string, begin: 'now' | 'beginning'): void {
    if (hook.repos !== undefined && !hook.repos.includes(ledger)) return
    const { clock, log, random } = this.#options
    const name = webhookName(hook)
    const fresh = {
      last: null,
      deliveredAt: null,
      delivered: 0,
      waiting: null,
      failed: [],
      forgotten: 0,
    }
    const lane = new Lane({
      audit: () => this.#host(ledger)?.audit ?? null,
      kinds: kindsOf(hook),
      progress: this.#store.of(name)[ledger] ?? (begin === 'beginning' ? fresh : null),
      keep: (progress) => {
        this.#store.keep(name, ledger, progress)
      },
      post: (event, signal) => this.#deliver(hook, event, signal),
      now: () => clock.wall(),
      random,
      onFailure: (error) => {
        log.warn({ webhook: name, ledger, error: String(error) }, 'a webhook could not go on')
      },
      onProblem: (event, problem, isGivenUp) => {
        const facts = { webhook: name, ledger, event: event.id, problem }
        log.warn(
          facts,
          isGivenUp ? 'an event could not be delivered and was given up' : 'a webhook is not taken',
        )
      },
    })
    this.#lanes.get(name)?.set(ledger, lane)
  }

  async #deliver(hook: Hook, event: AuditEvent, signal: AbortSignal): Promise<Posted> {
    if (hook.forge === undefined)
      return post(new URL(hook.url), messageOf(event, event.id, hook.secret ?? null), signal)
    const forge = this.#forge(hook, hook.forge)
    return 'problem' in forge ? forge : tellPullRequests(forge, event, signal)
  }

  #forge({ url, token, token_env: named }: Hook, kind: Forge['kind']): Forge | NotPosted {
    const variable = named ?? (kind === 'github' ? 'GITHUB_TOKEN' : 'GITEA_TOKEN')
    const found = token ?? this.#options.env[variable]
    if (found !== undefined && found !== '') return { kind, url: new URL(url), token: found }
    const problem = `no token: neither \`token\` in config.yml nor ${variable} in the daemon's environment`
    return { ok: false, status: null, problem }
  }

  #hook(name: string): Hook {
    const { webhooks } = this.#options.config
    const hook = webhooks.find((each) => webhookName(each) === name)
    if (hook !== undefined) return hook
    const names = webhooks.map(webhookName)
    throw new SkeinError('NOT_FOUND', `No webhook is called ${name}.`, {
      hint: names.length === 0 ? 'Add it to config.yml under `webhooks`.' : 'skein webhooks list',
      data: { names },
    })
  }

  async #find(ledger: string, id: string): Promise<AuditEvent | null> {
    const audit = this.#host(ledger)?.audit
    if (audit === undefined) return null
    const options = { newestFirst: true, limit: 1, signal: this.#end.signal }
    for await (const event of audit.scan({ where: (each) => each.id === id }, options)) return event
    return null
  }

  #host(ledger: string): LedgerHost | null {
    if (ledger === MESH.name) return this.#options.mesh
    return [...this.#options.repos.all()].find(({ id }) => id === ledger)?.host ?? null
  }

  #ledgers(): readonly string[] {
    const repos = [...this.#options.repos.all()].filter(({ host }) => host !== null)
    return [MESH.name, ...repos.map(({ id }) => id)]
  }
}
