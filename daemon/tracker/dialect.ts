// In what the forges differ.
import type { MergeMethod, MergeRefusal } from '../ports-tracker.ts'
import type { ForgeClient, Listing } from './client.ts'
import type { Authored, ForgePull } from './schemas.ts'

export interface Dialect {
  readonly kind: 'github' | 'gitea'
  readonly tokenEnv: string
  readonly page: { readonly key: string; readonly size: number }
  /** Of a list of issues: oldest first where the forge can. */
  readonly issues: Readonly<Record<string, string>>
  readonly comments: Listing
  /** @param url as config.yml has it: of the pages for people, or of the API */
  apiOf(url: URL | null): URL
  headersOf(token: string | null): Readonly<Record<string, string>>
  /** What narrows a list of pull requests to those of a branch, where the forge can. */
  pullsOf(owner: string, branch: string): Readonly<Record<string, string>>
  /** May whoever wrote it write to the repository, or is it us? What others say is heard, and orders nothing. */
  isTrusted(client: ForgeClient, author: Authored, signal: AbortSignal): Promise<boolean>
  /** Labels as a new issue names them; those that are not there are created where the token may. */
  labelsOf(
    client: ForgeClient,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (string | number)[]>
  mergeOf(how: MergeOrder): {
    readonly method: 'PUT' | 'POST'
    readonly where: string
    readonly body: object
  }
  /** Why it was not merged. @param pull as it is now */
  refusalOf(refused: MergeRefused, pull: ForgePull): MergeRefusal
}

export interface MergeOrder {
  readonly number: number
  readonly method: MergeMethod
  readonly expectedHead: string
}

export interface MergeRefused {
  readonly status: number
  readonly said: string
}
