// Who wants to hear of which resources. Invariants: the daemon is watched only while somebody has a subscription; a resource
// is told at once, then at most once in `everyMs`; the last change is always told.
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import type { Operations } from '../../daemon/client/operations.ts'
import { isChanged } from './changes.ts'
import { parseUri, type Resource } from './uri.ts'

/** Addresses that one client may subscribe to; a daemon has a handful of repositories. */
export const SUBSCRIPTIONS_MAX = 128
const EVERY_MS = 200

export interface SubscriptionsOptions {
  readonly operations: Pick<Operations, 'watch'>
  /** Tells that the resource at this address changed; false when the client cannot be told now, so that it is told later. */
  readonly send: (uri: string) => boolean
  readonly max?: number
  readonly everyMs?: number | undefined
}

interface Address {
  readonly resource: Resource
  /** Subscriptions that name it. */
  readonly wanted: Set<string>
  /** Runs after it was told. */
  timer: NodeJS.Timeout | null
  isDirty: boolean
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #addresses = new Map<string, Address>()
  #unwatch: (() => void) | null = null
  #isClosed = false

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  /** Addresses that are subscribed to now. */
  get size(): number {
    return this.#addresses.size
  }

  /**
   * Subscribes to addresses as the client spells them; those that are none of ours never change.
   * @param id a name by which they are given up together.
   * @throws SkeinError BUSY when there are too many.
   */
  add(id: string, uris: readonly string[]): void {
    const added = uris.filter((uri) => !this.#addresses.has(uri))
    const max = this.#options.max ?? SUBSCRIPTIONS_MAX
    if (this.#addresses.size + new Set(added).size > max)
      throw new SkeinError('BUSY', `one client subscribes to at most ${String(max)} resources`)
    if (this.#isClosed) return
    for (const uri of uris) {
      const resource = parseUri(uri)
      if (resource === null) continue
      const address = this.#addresses.get(uri) ?? {
        resource,
        wanted: new Set(),
        timer: null,
        isDirty: false,
      }
      address.wanted.add(id)
      this.#addresses.set(uri, address)
    }
    if (this.#addresses.size > 0) this.#unwatch ??= this.#options.operations.watch(this.#onEvent)
  }

  /** Gives up what was subscribed to by this name. */
  remove(id: string): void {
    for (const [uri, address] of this.#addresses) {
      if (!address.wanted.delete(id) || address.wanted.size > 0) continue
      if (address.timer !== null) clearTimeout(address.timer)
      this.#addresses.delete(uri)
    }
    if (this.#addresses.size === 0) this.#stopWatching()
  }

  /** Tells what could not be told before. */
  flush(): void {
    for (const [uri, address] of this.#addresses)
      if (address.isDirty && address.timer === null) this.#tell(uri, address)
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#addresses.values()) if (timer !== null) clearTimeout(timer)
    this.#addresses.clear()
    this.#stopWatching()
  }

  #stopWatching(): void {
    this.#unwatch?.()
    this.#unwatch = null
  }

  readonly #onEvent = (event: AuditEvent): void => {
    for (const [uri, address] of this.#addresses) {
      if (!isChanged(address.resource, event)) continue
      address.isDirty = true
      if (address.timer === null) this.#tell(uri, address)
    }
  }

  #tell(uri: string, address: Address): void {
    address.isDirty = !this.#options.send(uri)
    address.timer = setTimeout(() => {
      address.timer = null
      if (address.isDirty) this.#tell(uri, address)
    }, this.#options.everyMs ?? EVERY_MS).unref()
  }
}
