// What the load asks of each system: one caller that claims keys nobody has, and gives them back.

export interface LoadCaller {
  /** Resolves when the grant is durable. @throws Error when it is not granted. */
  claim(key: string): Promise<void>
  /** Gives back everything that this caller claimed. */
  release(): Promise<void>
  /** The cheapest question that the server answers: what the client and the way to the server cost. */
  ping(): Promise<void>
  /** Asks whether a claim would be granted. */
  check(key: string): Promise<void>
  close(): void
}

export type Target =
  | {
      readonly system: 'skein'
      readonly socket: string
      readonly checkout: string
      /** Over the loopback port instead of the socket: as plain HTTP, or as MCP of an era. */
      readonly port?: { readonly number: number; readonly token: string; readonly speaks: Speech }
    }
  /** A session on the MCP socket. */
  | { readonly system: 'skein'; readonly mcp: string; readonly checkout: string }
  | { readonly system: 'etcd'; readonly port: number }
  | { readonly system: 'redis'; readonly port: number }

export type Speech = 'http' | 'mcp-2025' | 'mcp-2026'
